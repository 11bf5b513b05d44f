"""The screen: the whole queue, live.  Shell."""
