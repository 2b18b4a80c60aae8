"""Sessions: what contacts do in flows. Started and resumed here, stored, timed out, shown."""
