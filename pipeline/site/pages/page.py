"""One page of the site: where it is, and what its template is given."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Page:
    """One page: where it is, which template draws it, its title and description, its picture, and its view."""

    path: str
    template: str
    title: str
    description: str
    image: str
    view: object
