"""What RapidPro's database holds: rows, and the indexes that find and order them. No behaviour of the service."""
