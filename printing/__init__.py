"""The paper face: sheets that a family holds in its hands, made by Typst from the answers of GraphQL documents (D9)."""
