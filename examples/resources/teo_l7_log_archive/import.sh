# The ID is the destination: state is read back from the bags in it.
terraform import teo_l7_log_archive.may 's3://logs-1250000000?endpoint=https://cos.ap-guangzhou.myqcloud.com&region=ap-guangzhou&prefix=edgeone/'
