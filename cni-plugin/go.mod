module portcullis/cni-plugin

go 1.24
