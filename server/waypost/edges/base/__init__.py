"""What every edge stands on: the running desk's parts, the outermost request pipeline, small ASGI pieces."""
