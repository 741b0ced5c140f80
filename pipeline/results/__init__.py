"""The documents of an atlas: where each lies, what it says, and how it is read without being trusted."""
