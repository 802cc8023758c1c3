"""Values -> text and JSON for people and programs: nothing here prints, reads or decides."""
