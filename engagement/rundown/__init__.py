"""The rundown: what the control room lines up for air, and where it shows."""
