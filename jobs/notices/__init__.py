"""Who is told that a job has ended: topics, the outbox that is written with the end itself, signed delivery, and the pages about them."""
