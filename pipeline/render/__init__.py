"""One filter: from a request to its picture, record and snapshots."""
