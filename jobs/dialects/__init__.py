"""Foreign interfaces: each folder reads and answers one product's wire; all of them end in the services that console and JSON use."""
