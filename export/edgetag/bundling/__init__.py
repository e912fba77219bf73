"""What the app ships."""
