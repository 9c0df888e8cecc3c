"""The live streams: one ordered sequence of what is to be shown, brought to every open page and program."""
