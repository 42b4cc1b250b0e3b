"""Pictures as training sees them: checked once and kept as they were published, then decoded, cropped and altered."""
