"""The schedule: files read leniently and written, talks typed by hand, a day as it goes."""
