"""What must hold in a database, whatever happened to the processes that wrote it: `orgbox check`."""
