"""What leaves the house for people: mail and text messages, from an outbox in the database."""
