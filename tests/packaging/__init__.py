"""The wheel, the lint of imports and the documents."""
