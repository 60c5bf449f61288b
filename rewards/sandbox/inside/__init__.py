"""Programs that run inside the sandbox. They import the standard library and each other, never Holdfast: their
source is sent to the sandbox's Python when it starts, so an image needs nothing but a Python."""
