"""What tools/bench is made of: tables of cases (`table`), each played on both servers (`pair`) and measured (`measure`) while clients
(`clients`) work, then printed and kept (`report`). One module a table's workload."""
