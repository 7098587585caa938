package tracefmt
