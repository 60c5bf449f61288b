"""What an assistant may ask of Holdfast over the Model Context Protocol: six tools that only read."""
