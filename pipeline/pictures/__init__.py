"""All pictures of a layer on one sheet, those of all layers, and the small copies that pages show."""
