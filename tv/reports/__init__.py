"""What one takes home: tables of what was said and voted, and a report for the speaker."""
