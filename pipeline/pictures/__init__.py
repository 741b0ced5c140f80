"""All pictures of a layer on one sheet, and the small copies that pages show."""
