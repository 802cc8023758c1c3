"""A saved plan as one page of HTML, and its charts as pictures: opened from a disk, it asks nothing of any network."""
