"""The reference relay between both fakes, over sockets."""
