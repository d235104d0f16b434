"""What the end-to-end tests stand on: a running service, an HTTP client, callbacks, TAP output."""
