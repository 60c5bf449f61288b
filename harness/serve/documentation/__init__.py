"""The server's description of itself: OpenAPI and a page."""
