module prober

go 1.22
