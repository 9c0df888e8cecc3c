"""How Tidings is set up and run: on this machine, in containers, on Kubernetes."""
