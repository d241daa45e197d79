"""Transcripts: what a terminal showed, kept as text and run again as tests."""
