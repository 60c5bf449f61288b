"""What starts a sandbox: bubblewrap, a Docker engine, or neither."""
