"""Planning: when are so many texts out under a quota, with which requests, and how much better could any relay be?"""
