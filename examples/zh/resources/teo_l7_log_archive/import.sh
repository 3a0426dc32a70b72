# ID 就是归档的位置。state 从其中的账本读取。
terraform import teo_l7_log_archive.logs 'cos://logs-1250000000?region=ap-guangzhou&prefix=edgeone/l7/'
