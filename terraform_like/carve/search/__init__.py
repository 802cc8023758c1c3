"""From prices to whole units, and from one answer to a better one."""
