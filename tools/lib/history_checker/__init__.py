"""Finds in a recorded history of transactions what their isolation levels forbid.

history        the file and what is in it
levels         the anomalies and which level forbids which
observations   who wrote and read what, key by key, and which unknown outcomes the rest gives away
lists          the order of a list's versions, and what is wrong with single reads and writes of it
registers      the same for registers
items          the same for rows that come and go under reads by range
internal       what a transaction must see of itself
points         the order of snapshots and commits that all this demands
graph          cycles of such orders
cycles         their names after Adya
checker        all of it together
planting       puts anomalies into good histories, to test the checker
"""
