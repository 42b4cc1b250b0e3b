"""The generated world: scenes, pictures and texts in the publishers' own formats; `publish.publish` writes it."""
