"""The fake RapidPro and its peers over sockets, and what measures a server: a client, processor time, memory."""
