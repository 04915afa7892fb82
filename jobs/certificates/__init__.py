"""What Narrowband found, measured and saved, told: on the output's card, in JSON, on a page to print, and as a sum."""
