"""Plays random transactions of many clients against a server and records what they were told (history_checker/history.py).

workload   the statements, and what their results mean
drivers    the two ways to talk to the server: psycopg2 by simple queries, psycopg by prepared statements
client     transactions: savepoints, errors, outcomes, reconnecting
run        servers, processes, kills, reading what is there in the end
"""
