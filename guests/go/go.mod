module wasinn-guest

go 1.21
