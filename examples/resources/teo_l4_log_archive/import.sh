# The ID is the destination. The state is read from the ledger in it.
terraform import teo_l4_log_archive.may 'cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l4/'
