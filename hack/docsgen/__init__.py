"""The generated pages of docs/reference: what the code knows is not written by hand."""
