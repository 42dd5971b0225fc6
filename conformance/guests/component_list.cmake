# The guests for components: wit/<guest>.c is built once for each snapshot of wasi:nn, as
# <guest>-<snapshot>.
set(WASINN_COMPONENT_GUESTS wit_faults wit_lives wit_ports wit_values)
set(WASINN_COMPONENT_SNAPSHOTS 2024-06-25 2024-08-19 2024-10-28)
