// Written from all files by `npm run generate`; not edited by hand.

import type { FileDescriptor } from '../file-descriptor.ts';

export const fileDescriptors: readonly FileDescriptor[] = [
  {
    "name": "argon/v1/common.proto",
    "dependencies": [
      "buf/validate/validate.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Condition",
      "argon.v1.Rate",
      "argon.v1.BlockLimits"
    ],
    "extensions": [],
    "base64": "ChVhcmdvbi92MS9jb21tb24ucHJvdG8SCGFyZ29uLnYxGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8aH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8i8AEKCUNvbmRpdGlvbhIwCgR0eXBlGAEgASgJQhy6SBlyFzIVXltBLVpdW0EtWmEtel17MCw2Mn0kUgR0eXBlEhcKB2lzX3RydWUYAiABKAhSBmlzVHJ1ZRI3CgZyZWFzb24YAyABKAlCH7pIHHIaMhheKFtBLVpdW0EtWmEtel17MCw2Mn0pPyRSBnJlYXNvbhIiCgdtZXNzYWdlGAQgASgJQgi6SAVyAxiACFIHbWVzc2FnZRI7CgtjaGFuZ2VfdGltZRgFIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBSCmNoYW5nZVRpbWUiOwoEUmF0ZRIdCgpwZXJfc2Vjb25kGAEgASgEUglwZXJTZWNvbmQSFAoFYnVyc3QYAiABKARSBWJ1cnN0Is0CCgtCbG9ja0xpbWl0cxI3Cg9yZWFkX29wZXJhdGlvbnMYASABKAsyDi5hcmdvbi52MS5SYXRlUg5yZWFkT3BlcmF0aW9ucxI5ChB3cml0ZV9vcGVyYXRpb25zGAIgASgLMg4uYXJnb24udjEuUmF0ZVIPd3JpdGVPcGVyYXRpb25zEjkKEHRvdGFsX29wZXJhdGlvbnMYAyABKAsyDi5hcmdvbi52MS5SYXRlUg90b3RhbE9wZXJhdGlvbnMSLQoKcmVhZF9ieXRlcxgEIAEoCzIOLmFyZ29uLnYxLlJhdGVSCXJlYWRCeXRlcxIvCgt3cml0ZV9ieXRlcxgFIAEoCzIOLmFyZ29uLnYxLlJhdGVSCndyaXRlQnl0ZXMSLwoLdG90YWxfYnl0ZXMYBiABKAsyDi5hcmdvbi52MS5SYXRlUgp0b3RhbEJ5dGVzYgZwcm90bzM="
  },
  {
    "name": "argon/v1/faults.proto",
    "dependencies": [
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto"
    ],
    "symbols": [
      "argon.v1.Faults",
      "argon.v1.Faults.CreateFault",
      "argon.v1.Faults.ListFaults",
      "argon.v1.Faults.DeleteFault",
      "argon.v1.Faults.ReleaseFaults",
      "argon.v1.FaultLayer",
      "argon.v1.FaultOperation",
      "argon.v1.FaultAction",
      "argon.v1.DelayShape",
      "argon.v1.FaultDelay",
      "argon.v1.Fault",
      "argon.v1.CreateFaultRequest",
      "argon.v1.ListFaultsRequest",
      "argon.v1.ListFaultsResponse",
      "argon.v1.DeleteFaultRequest",
      "argon.v1.DeleteFaultResponse",
      "argon.v1.ReleaseFaultsRequest",
      "argon.v1.ReleaseFaultsResponse"
    ],
    "extensions": [],
    "base64": "ChVhcmdvbi92MS9mYXVsdHMucHJvdG8SCGFyZ29uLnYxGhxhcmdvbi92MS9maWVsZF9vcHRpb25zLnByb3RvGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8ioAEKCkZhdWx0RGVsYXkSNAoFc2hhcGUYASABKA4yFC5hcmdvbi52MS5EZWxheVNoYXBlQgi6SAWCAQIQAVIFc2hhcGUSKwoHYmFzZV9ucxgCIAEoBEISukgJMgcYgMDiheNomrUYAm5zUgZiYXNlTnMSLwoJc3ByZWFkX25zGAMgASgEQhK6SAkyBxiAwOKF42iatRgCbnNSCHNwcmVhZE5zIrcECgVGYXVsdBJOCgRuYW1lGAEgASgJQjq6SDNyMTIvXih2b2x1bWVzL3ZvbFswLTlhLWZdezE3fS9mYXVsdHMvWzAtOV17MSwxMH0pPySQtRgDUgRuYW1lEjQKBWxheWVyGAIgASgOMhQuYXJnb24udjEuRmF1bHRMYXllckIIukgFggECEAFSBWxheWVyEk8KCm9wZXJhdGlvbnMYAyADKA4yGC5hcmdvbi52MS5GYXVsdE9wZXJhdGlvbkIVukgSkgEPCAEQBRgBIgeCAQQQASAAUgpvcGVyYXRpb25zEigKCmZpcnN0X2J5dGUYBCABKARCCZq1GAVieXRlc1IJZmlyc3RCeXRlEiQKCGVuZF9ieXRlGAUgASgEQgmatRgFYnl0ZXNSB2VuZEJ5dGUSEAoDbnRoGAYgASgEUgNudGgSFAoFZXZlcnkYByABKARSBWV2ZXJ5EhQKBXRpbWVzGAggASgEUgV0aW1lcxIoCgpjaGFuY2VfcHBtGAkgASgNQgm6SAYqBBjAhD1SCWNoYW5jZVBwbRI5CgZhY3Rpb24YCiABKA4yFS5hcmdvbi52MS5GYXVsdEFjdGlvbkIKukgHggEEEAEgAFIGYWN0aW9uEioKBWRlbGF5GAsgASgLMhQuYXJnb24udjEuRmF1bHREZWxheVIFZGVsYXkSHgoHbWF0Y2hlcxgMIAEoBEIEkLUYAVIHbWF0Y2hlcxIYCgRoaXRzGA0gASgEQgSQtRgBUgRoaXRzIuIBChJDcmVhdGVGYXVsdFJlcXVlc3QSOAoGdm9sdW1lGAEgASgJQiC6SB1yGzIZXnZvbHVtZXMvdm9sWzAtOWEtZl17MTd9JFIGdm9sdW1lEi0KBWZhdWx0GAIgASgLMg8uYXJnb24udjEuRmF1bHRCBrpIA8gBAVIFZmF1bHQSPgoKcmVxdWVzdF9pZBgDIAEoCUIfukgcchoyGF4oWzAtOUEtWmEtel8tXXs4LDY0fSk/JFIJcmVxdWVzdElkEiMKDXZhbGlkYXRlX29ubHkYBCABKAhSDHZhbGlkYXRlT25seSJNChFMaXN0RmF1bHRzUmVxdWVzdBI4CgZ2b2x1bWUYASABKAlCILpIHXIbMhledm9sdW1lcy92b2xbMC05YS1mXXsxN30kUgZ2b2x1bWUiSAoSTGlzdEZhdWx0c1Jlc3BvbnNlEjIKBmZhdWx0cxgBIAMoCzIPLmFyZ29uLnYxLkZhdWx0Qgm6SAaSAQMQgAJSBmZhdWx0cyLCAQoSRGVsZXRlRmF1bHRSZXF1ZXN0EkcKBG5hbWUYASABKAlCM7pIMHIuMixedm9sdW1lcy92b2xbMC05YS1mXXsxN30vZmF1bHRzL1swLTldezEsMTB9JFIEbmFtZRI+CgpyZXF1ZXN0X2lkGAIgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgDIAEoCFIMdmFsaWRhdGVPbmx5IhUKE0RlbGV0ZUZhdWx0UmVzcG9uc2UiUAoUUmVsZWFzZUZhdWx0c1JlcXVlc3QSOAoGdm9sdW1lGAEgASgJQiC6SB1yGzIZXnZvbHVtZXMvdm9sWzAtOWEtZl17MTd9JFIGdm9sdW1lIhcKFVJlbGVhc2VGYXVsdHNSZXNwb25zZSpXCgpGYXVsdExheWVyEhsKF0ZBVUxUX0xBWUVSX1VOU1BFQ0lGSUVEEAASFgoSRkFVTFRfTEFZRVJfREVWSUNFEAESFAoQRkFVTFRfTEFZRVJfRElTSxACKsABCg5GYXVsdE9wZXJhdGlvbhIfChtGQVVMVF9PUEVSQVRJT05fVU5TUEVDSUZJRUQQABIYChRGQVVMVF9PUEVSQVRJT05fUkVBRBABEhkKFUZBVUxUX09QRVJBVElPTl9XUklURRACEhkKFUZBVUxUX09QRVJBVElPTl9GTFVTSBADEhsKF0ZBVUxUX09QRVJBVElPTl9ESVNDQVJEEAQSIAocRkFVTFRfT1BFUkFUSU9OX1dSSVRFX1pFUk9FUxAFKvABCgtGYXVsdEFjdGlvbhIcChhGQVVMVF9BQ1RJT05fVU5TUEVDSUZJRUQQABIWChJGQVVMVF9BQ1RJT05fRVJST1IQARIZChVGQVVMVF9BQ1RJT05fTk9fU1BBQ0UQAhIWChJGQVVMVF9BQ1RJT05fREVMQVkQAxIVChFGQVVMVF9BQ1RJT05fSEFORxAEEhYKEkZBVUxUX0FDVElPTl9TSE9SVBAFEhUKEUZBVUxUX0FDVElPTl9UT1JOEAYSFQoRRkFVTFRfQUNUSU9OX0ZMSVAQBxIbChdGQVVMVF9BQ1RJT05fTE9TRV9GTFVTSBAIKo4BCgpEZWxheVNoYXBlEhsKF0RFTEFZX1NIQVBFX1VOU1BFQ0lGSUVEEAASFQoRREVMQVlfU0hBUEVfRklYRUQQARIXChNERUxBWV9TSEFQRV9VTklGT1JNEAISGwoXREVMQVlfU0hBUEVfRVhQT05FTlRJQUwQAxIWChJERUxBWV9TSEFQRV9OT1JNQUwQBDK+AwoGRmF1bHRzEmEKC0NyZWF0ZUZhdWx0EhwuYXJnb24udjEuQ3JlYXRlRmF1bHRSZXF1ZXN0Gg8uYXJnb24udjEuRmF1bHQiH4q1GBsKDWZhdWx0czpjcmVhdGUSBnZvbHVtZRgDIAMoADAAEmoKCkxpc3RGYXVsdHMSGy5hcmdvbi52MS5MaXN0RmF1bHRzUmVxdWVzdBocLmFyZ29uLnYxLkxpc3RGYXVsdHNSZXNwb25zZSIdirUYGQoLZmF1bHRzOmxpc3QSBnZvbHVtZRgBIAEoADAAEm0KC0RlbGV0ZUZhdWx0EhwuYXJnb24udjEuRGVsZXRlRmF1bHRSZXF1ZXN0Gh0uYXJnb24udjEuRGVsZXRlRmF1bHRSZXNwb25zZSIdirUYGQoNZmF1bHRzOmRlbGV0ZRIEbmFtZRgCIAIoADAAEnYKDVJlbGVhc2VGYXVsdHMSHi5hcmdvbi52MS5SZWxlYXNlRmF1bHRzUmVxdWVzdBofLmFyZ29uLnYxLlJlbGVhc2VGYXVsdHNSZXNwb25zZSIgirUYHAoOZmF1bHRzOnJlbGVhc2USBnZvbHVtZRgCIAIoADAAYgZwcm90bzM="
  },
  {
    "name": "argon/v1/field_options.proto",
    "dependencies": [
      "google/protobuf/descriptor.proto"
    ],
    "symbols": [
      "argon.v1.FieldBehavior",
      "argon.v1.behavior",
      "argon.v1.unit",
      "argon.v1.flag"
    ],
    "extensions": [
      [
        "google.protobuf.FieldOptions",
        50002
      ],
      [
        "google.protobuf.FieldOptions",
        50003
      ],
      [
        "google.protobuf.FieldOptions",
        50004
      ]
    ],
    "base64": "Chxhcmdvbi92MS9maWVsZF9vcHRpb25zLnByb3RvEghhcmdvbi52MRogZ29vZ2xlL3Byb3RvYnVmL2Rlc2NyaXB0b3IucHJvdG8qjAEKDUZpZWxkQmVoYXZpb3ISHgoaRklFTERfQkVIQVZJT1JfVU5TUEVDSUZJRUQQABIeChpGSUVMRF9CRUhBVklPUl9PVVRQVVRfT05MWRABEhwKGEZJRUxEX0JFSEFWSU9SX0lNTVVUQUJMRRACEh0KGUZJRUxEX0JFSEFWSU9SX0lERU5USUZJRVIQAzpUCghiZWhhdmlvchIdLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMY0oYDIAEoDjIXLmFyZ29uLnYxLkZpZWxkQmVoYXZpb3JSCGJlaGF2aW9yOjMKBHVuaXQSHS5nb29nbGUucHJvdG9idWYuRmllbGRPcHRpb25zGNOGAyABKAlSBHVuaXQ6MwoEZmxhZxIdLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMY1IYDIAEoCVIEZmxhZ2IGcHJvdG8z"
  },
  {
    "name": "argon/v1/host.proto",
    "dependencies": [
      "argon/v1/common.proto",
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto",
      "google/protobuf/field_mask.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Host",
      "argon.v1.Host.GetHost",
      "argon.v1.Host.UpdateHost",
      "argon.v1.Host.ShutDown",
      "argon.v1.PartKind",
      "argon.v1.PartState",
      "argon.v1.Part",
      "argon.v1.HostInfo",
      "argon.v1.GetHostRequest",
      "argon.v1.UpdateHostRequest",
      "argon.v1.ShutDownRequest",
      "argon.v1.ShutDownResponse"
    ],
    "extensions": [],
    "base64": "ChNhcmdvbi92MS9ob3N0LnByb3RvEghhcmdvbi52MRoVYXJnb24vdjEvY29tbW9uLnByb3RvGhxhcmdvbi92MS9maWVsZF9vcHRpb25zLnByb3RvGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8aIGdvb2dsZS9wcm90b2J1Zi9maWVsZF9tYXNrLnByb3RvGh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvIsQCCgRQYXJ0Ei0KAmlkGAEgASgJQh26SBpyGDIWXlthLXpdW2EtejAtOS1dezAsNjJ9JFICaWQSMAoEa2luZBgCIAEoDjISLmFyZ29uLnYxLlBhcnRLaW5kQgi6SAWCAQIQAVIEa2luZBIzCgVzdGF0ZRgDIAEoDjITLmFyZ29uLnYxLlBhcnRTdGF0ZUIIukgFggECEAFSBXN0YXRlEhAKA3BpZBgEIAEoDVIDcGlkEhoKCHJlc3RhcnRzGAUgASgNUghyZXN0YXJ0cxI5CgpzdGFydF90aW1lGAYgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcFIJc3RhcnRUaW1lEj0KCmNvbmRpdGlvbnMYByADKAsyEy5hcmdvbi52MS5Db25kaXRpb25CCLpIBZIBAhAQUgpjb25kaXRpb25zItYBCghIb3N0SW5mbxIlCgd2ZXJzaW9uGAEgASgJQgu6SARyAhhAkLUYAVIHdmVyc2lvbhI/CgpzdGFydF90aW1lGAIgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcEIEkLUYAVIJc3RhcnRUaW1lEjMKBXBhcnRzGAMgAygLMg4uYXJnb24udjEuUGFydEINukgGkgEDEOgHkLUYAVIFcGFydHMSLQoGbGltaXRzGAQgASgLMhUuYXJnb24udjEuQmxvY2tMaW1pdHNSBmxpbWl0cyIQCg5HZXRIb3N0UmVxdWVzdCL4AQoRVXBkYXRlSG9zdFJlcXVlc3QSLgoEaG9zdBgBIAEoCzISLmFyZ29uLnYxLkhvc3RJbmZvQga6SAPIAQFSBGhvc3QSTgoLdXBkYXRlX21hc2sYAiABKAsyGi5nb29nbGUucHJvdG9idWYuRmllbGRNYXNrQhG6SA7IAQHiAQgSBmxpbWl0c1IKdXBkYXRlTWFzaxI+CgpyZXF1ZXN0X2lkGAMgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgEIAEoCFIMdmFsaWRhdGVPbmx5IlcKD1NodXREb3duUmVxdWVzdBIuCgp0aW1lb3V0X21zGAEgASgNQg+6SAYqBBjAzySatRgCbXNSCXRpbWVvdXRNcxIUCgVmb3JjZRgCIAEoCFIFZm9yY2UiEgoQU2h1dERvd25SZXNwb25zZSqiAQoIUGFydEtpbmQSGQoVUEFSVF9LSU5EX1VOU1BFQ0lGSUVEEAASGAoUUEFSVF9LSU5EX0NPTlRST0xMRVIQARIXChNQQVJUX0tJTkRfQkFDS1BMQU5FEAISGAoUUEFSVF9LSU5EX0JMT0NLX0NBUkQQAxIaChZQQVJUX0tJTkRfTkVUV09SS19DQVJEEAQSEgoOUEFSVF9LSU5EX1FFTVUQBSqNAQoJUGFydFN0YXRlEhoKFlBBUlRfU1RBVEVfVU5TUEVDSUZJRUQQABIXChNQQVJUX1NUQVRFX1NUQVJUSU5HEAESFgoSUEFSVF9TVEFURV9SVU5OSU5HEAISGgoWUEFSVF9TVEFURV9CQUNLSU5HX09GRhADEhcKE1BBUlRfU1RBVEVfU1RPUFBJTkcQBDKjAgoESG9zdBJVCgdHZXRIb3N0EhguYXJnb24udjEuR2V0SG9zdFJlcXVlc3QaEi5hcmdvbi52MS5Ib3N0SW5mbyIYirUYFAoIaG9zdDpnZXQSBGhvc3QYASABKAAwABJeCgpVcGRhdGVIb3N0EhsuYXJnb24udjEuVXBkYXRlSG9zdFJlcXVlc3QaEi5hcmdvbi52MS5Ib3N0SW5mbyIbirUYFwoLaG9zdDp1cGRhdGUSBGhvc3QYAiACKAAwABJkCghTaHV0RG93bhIZLmFyZ29uLnYxLlNodXREb3duUmVxdWVzdBoaLmFyZ29uLnYxLlNodXREb3duUmVzcG9uc2UiHYq1GBkKDWhvc3Q6c2h1dGRvd24SBGhvc3QYAyADKAAwAGIGcHJvdG8z"
  },
  {
    "name": "argon/v1/instances.proto",
    "dependencies": [
      "argon/v1/common.proto",
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto",
      "google/protobuf/field_mask.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Instances",
      "argon.v1.Instances.CreateInstance",
      "argon.v1.Instances.GetInstance",
      "argon.v1.Instances.ListInstances",
      "argon.v1.Instances.UpdateInstance",
      "argon.v1.Instances.DeleteInstance",
      "argon.v1.Instances.StartInstance",
      "argon.v1.Instances.StopInstance",
      "argon.v1.Instances.ResetInstance",
      "argon.v1.InstanceState",
      "argon.v1.BootImage",
      "argon.v1.Instance",
      "argon.v1.CreateInstanceRequest",
      "argon.v1.GetInstanceRequest",
      "argon.v1.ListInstancesRequest",
      "argon.v1.ListInstancesResponse",
      "argon.v1.UpdateInstanceRequest",
      "argon.v1.DeleteInstanceRequest",
      "argon.v1.DeleteInstanceResponse",
      "argon.v1.StartInstanceRequest",
      "argon.v1.StopInstanceRequest",
      "argon.v1.ResetInstanceRequest"
    ],
    "extensions": [],
    "base64": "Chhhcmdvbi92MS9pbnN0YW5jZXMucHJvdG8SCGFyZ29uLnYxGhVhcmdvbi92MS9jb21tb24ucHJvdG8aHGFyZ29uL3YxL2ZpZWxkX29wdGlvbnMucHJvdG8aFmFyZ29uL3YxL29wdGlvbnMucHJvdG8aG2J1Zi92YWxpZGF0ZS92YWxpZGF0ZS5wcm90bxogZ29vZ2xlL3Byb3RvYnVmL2ZpZWxkX21hc2sucHJvdG8aH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8i9AYKCEluc3RhbmNlEjwKBG5hbWUYASABKAlCKLpIIXIfMh1eKGluc3RhbmNlcy9pLVswLTlhLWZdezE3fSk/JJC1GANSBG5hbWUSSwoMZGlzcGxheV9uYW1lGAIgASgJQii6SB1yGzIZXihbYS16XVthLXowLTktXXswLDYyfSk/JKK1GARuYW1lUgtkaXNwbGF5TmFtZRI3CgVpbWFnZRgDIAEoDjITLmFyZ29uLnYxLkJvb3RJbWFnZUIMukgFggECEAGQtRgCUgVpbWFnZRJICgtib290X3ZvbHVtZRgEIAEoCUInukggch4yHF4odm9sdW1lcy92b2xbMC05YS1mXXsxN30pPySQtRgCUgpib290Vm9sdW1lEjAKCWNwdV9jb3VudBgFIAEoDUITukgEKgIYQJC1GAKitRgEY3B1c1IIY3B1Q291bnQSPAoMbWVtb3J5X2J5dGVzGAYgASgEQhm6SAkyBxiAgICAgCCQtRgCmrUYBWJ5dGVzUgttZW1vcnlCeXRlcxI7CgVzdGF0ZRgHIAEoDjIXLmFyZ29uLnYxLkluc3RhbmNlU3RhdGVCDLpIBYIBAhABkLUYAVIFc3RhdGUSQQoKY29uZGl0aW9ucxgIIAMoCzITLmFyZ29uLnYxLkNvbmRpdGlvbkIMukgFkgECEBCQtRgBUgpjb25kaXRpb25zEkEKC2NyZWF0ZV90aW1lGAkgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcEIEkLUYAVIKY3JlYXRlVGltZRI/CgpzdGFydF90aW1lGAogASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcEIEkLUYAVIJc3RhcnRUaW1lEkUKB3ZvbHVtZXMYCyADKAlCK7pIJJIBIRBAIh1yGzIZXnZvbHVtZXMvdm9sWzAtOWEtZl17MTd9JJC1GAFSB3ZvbHVtZXMSOAoGbGltaXRzGAwgASgLMhUuYXJnb24udjEuQmxvY2tMaW1pdHNCCaK1GAVsaW1pdFIGbGltaXRzEjcKC2FjY2VsZXJhdG9yGA0gASgJQhW6SA5yDFIAUgNrdm1SA3RjZ5C1GAFSC2FjY2VsZXJhdG9yEiwKBGV0YWcYDiABKAlCGLpIFXITMhFeKFswLTlhLWZdezE2fSk/JFIEZXRhZyK0AQoVQ3JlYXRlSW5zdGFuY2VSZXF1ZXN0EjYKCGluc3RhbmNlGAEgASgLMhIuYXJnb24udjEuSW5zdGFuY2VCBrpIA8gBAVIIaW5zdGFuY2USPgoKcmVxdWVzdF9pZBgCIAEoCUIfukgcchoyGF4oWzAtOUEtWmEtel8tXXs4LDY0fSk/JFIJcmVxdWVzdElkEiMKDXZhbGlkYXRlX29ubHkYAyABKAhSDHZhbGlkYXRlT25seSJLChJHZXRJbnN0YW5jZVJlcXVlc3QSNQoEbmFtZRgBIAEoCUIhukgechwyGl5pbnN0YW5jZXMvaS1bMC05YS1mXXsxN30kUgRuYW1lImYKFExpc3RJbnN0YW5jZXNSZXF1ZXN0EiUKCXBhZ2Vfc2l6ZRgBIAEoDUIIukgFKgMY6AdSCHBhZ2VTaXplEicKCnBhZ2VfdG9rZW4YAiABKAlCCLpIBXIDGIACUglwYWdlVG9rZW4ihgEKFUxpc3RJbnN0YW5jZXNSZXNwb25zZRI7CglpbnN0YW5jZXMYASADKAsyEi5hcmdvbi52MS5JbnN0YW5jZUIJukgGkgEDEOgHUglpbnN0YW5jZXMSMAoPbmV4dF9wYWdlX3Rva2VuGAIgASgJQgi6SAVyAxiAAlINbmV4dFBhZ2VUb2tlbiKSAgoVVXBkYXRlSW5zdGFuY2VSZXF1ZXN0EjYKCGluc3RhbmNlGAEgASgLMhIuYXJnb24udjEuSW5zdGFuY2VCBrpIA8gBAVIIaW5zdGFuY2USXAoLdXBkYXRlX21hc2sYAiABKAsyGi5nb29nbGUucHJvdG9idWYuRmllbGRNYXNrQh+6SBzIAQHiARYSDGRpc3BsYXlfbmFtZRIGbGltaXRzUgp1cGRhdGVNYXNrEj4KCnJlcXVlc3RfaWQYAyABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAQgASgIUgx2YWxpZGF0ZU9ubHkihgIKFURlbGV0ZUluc3RhbmNlUmVxdWVzdBI1CgRuYW1lGAEgASgJQiG6SB5yHDIaXmluc3RhbmNlcy9pLVswLTlhLWZdezE3fSRSBG5hbWUSLAoEZXRhZxgCIAEoCUIYukgVchMyEV4oWzAtOWEtZl17MTZ9KT8kUgRldGFnEj4KCnJlcXVlc3RfaWQYAyABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAQgASgIUgx2YWxpZGF0ZU9ubHkSIwoNYWxsb3dfbWlzc2luZxgFIAEoCFIMYWxsb3dNaXNzaW5nIhgKFkRlbGV0ZUluc3RhbmNlUmVzcG9uc2UisgEKFFN0YXJ0SW5zdGFuY2VSZXF1ZXN0EjUKBG5hbWUYASABKAlCIbpIHnIcMhpeaW5zdGFuY2VzL2ktWzAtOWEtZl17MTd9JFIEbmFtZRI+CgpyZXF1ZXN0X2lkGAIgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgDIAEoCFIMdmFsaWRhdGVPbmx5IvcBChNTdG9wSW5zdGFuY2VSZXF1ZXN0EjUKBG5hbWUYASABKAlCIbpIHnIcMhpeaW5zdGFuY2VzL2ktWzAtOWEtZl17MTd9JFIEbmFtZRIuCgp0aW1lb3V0X21zGAIgASgNQg+6SAYqBBjAzySatRgCbXNSCXRpbWVvdXRNcxIUCgVmb3JjZRgDIAEoCFIFZm9yY2USPgoKcmVxdWVzdF9pZBgEIAEoCUIfukgcchoyGF4oWzAtOUEtWmEtel8tXXs4LDY0fSk/JFIJcmVxdWVzdElkEiMKDXZhbGlkYXRlX29ubHkYBSABKAhSDHZhbGlkYXRlT25seSKyAQoUUmVzZXRJbnN0YW5jZVJlcXVlc3QSNQoEbmFtZRgBIAEoCUIhukgechwyGl5pbnN0YW5jZXMvaS1bMC05YS1mXXsxN30kUgRuYW1lEj4KCnJlcXVlc3RfaWQYAiABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAMgASgIUgx2YWxpZGF0ZU9ubHkquwEKDUluc3RhbmNlU3RhdGUSHgoaSU5TVEFOQ0VfU1RBVEVfVU5TUEVDSUZJRUQQABIaChZJTlNUQU5DRV9TVEFURV9TVE9QUEVEEAESGwoXSU5TVEFOQ0VfU1RBVEVfU1RBUlRJTkcQAhIaChZJTlNUQU5DRV9TVEFURV9SVU5OSU5HEAMSGwoXSU5TVEFOQ0VfU1RBVEVfU1RPUFBJTkcQBBIYChRJTlNUQU5DRV9TVEFURV9FUlJPUhAFKlMKCUJvb3RJbWFnZRIaChZCT09UX0lNQUdFX1VOU1BFQ0lGSUVEEAASEwoPQk9PVF9JTUFHRV9USU5ZEAESFQoRQk9PVF9JTUFHRV9ERUJJQU4QAjKVBwoJSW5zdGFuY2VzEoEBCg5DcmVhdGVJbnN0YW5jZRIfLmFyZ29uLnYxLkNyZWF0ZUluc3RhbmNlUmVxdWVzdBoSLmFyZ29uLnYxLkluc3RhbmNlIjaKtRgyChBpbnN0YW5jZXM6Y3JlYXRlEgRob3N0EhRpbnN0YW5jZS5ib290X3ZvbHVtZRgCIAIoADAAEmIKC0dldEluc3RhbmNlEhwuYXJnb24udjEuR2V0SW5zdGFuY2VSZXF1ZXN0GhIuYXJnb24udjEuSW5zdGFuY2UiHYq1GBkKDWluc3RhbmNlczpnZXQSBG5hbWUYASABKAAwABJ0Cg1MaXN0SW5zdGFuY2VzEh4uYXJnb24udjEuTGlzdEluc3RhbmNlc1JlcXVlc3QaHy5hcmdvbi52MS5MaXN0SW5zdGFuY2VzUmVzcG9uc2UiHoq1GBoKDmluc3RhbmNlczpsaXN0EgRob3N0GAEgASgAMAASdAoOVXBkYXRlSW5zdGFuY2USHy5hcmdvbi52MS5VcGRhdGVJbnN0YW5jZVJlcXVlc3QaEi5hcmdvbi52MS5JbnN0YW5jZSIpirUYJQoQaW5zdGFuY2VzOnVwZGF0ZRINaW5zdGFuY2UubmFtZRgCIAIoADAAEnkKDkRlbGV0ZUluc3RhbmNlEh8uYXJnb24udjEuRGVsZXRlSW5zdGFuY2VSZXF1ZXN0GiAuYXJnb24udjEuRGVsZXRlSW5zdGFuY2VSZXNwb25zZSIgirUYHAoQaW5zdGFuY2VzOmRlbGV0ZRIEbmFtZRgDIAMoADAAEmgKDVN0YXJ0SW5zdGFuY2USHi5hcmdvbi52MS5TdGFydEluc3RhbmNlUmVxdWVzdBoSLmFyZ29uLnYxLkluc3RhbmNlIh+KtRgbCg9pbnN0YW5jZXM6c3RhcnQSBG5hbWUYAiACKAAwABJlCgxTdG9wSW5zdGFuY2USHS5hcmdvbi52MS5TdG9wSW5zdGFuY2VSZXF1ZXN0GhIuYXJnb24udjEuSW5zdGFuY2UiHoq1GBoKDmluc3RhbmNlczpzdG9wEgRuYW1lGAMgAygAMAASaAoNUmVzZXRJbnN0YW5jZRIeLmFyZ29uLnYxLlJlc2V0SW5zdGFuY2VSZXF1ZXN0GhIuYXJnb24udjEuSW5zdGFuY2UiH4q1GBsKD2luc3RhbmNlczpyZXNldBIEbmFtZRgDIAMoADAAYgZwcm90bzM="
  },
  {
    "name": "argon/v1/interfaces.proto",
    "dependencies": [
      "argon/v1/common.proto",
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Interfaces",
      "argon.v1.Interfaces.CreateInterface",
      "argon.v1.Interfaces.GetInterface",
      "argon.v1.Interfaces.ListInterfaces",
      "argon.v1.Interfaces.DeleteInterface",
      "argon.v1.Interfaces.AttachInterface",
      "argon.v1.Interfaces.DetachInterface",
      "argon.v1.Interface",
      "argon.v1.CreateInterfaceRequest",
      "argon.v1.GetInterfaceRequest",
      "argon.v1.ListInterfacesRequest",
      "argon.v1.ListInterfacesResponse",
      "argon.v1.DeleteInterfaceRequest",
      "argon.v1.DeleteInterfaceResponse",
      "argon.v1.AttachInterfaceRequest",
      "argon.v1.DetachInterfaceRequest"
    ],
    "extensions": [],
    "base64": "Chlhcmdvbi92MS9pbnRlcmZhY2VzLnByb3RvEghhcmdvbi52MRoVYXJnb24vdjEvY29tbW9uLnByb3RvGhxhcmdvbi92MS9maWVsZF9vcHRpb25zLnByb3RvGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8aH2dvb2dsZS9wcm90b2J1Zi90aW1lc3RhbXAucHJvdG8iuwMKCUludGVyZmFjZRI/CgRuYW1lGAEgASgJQiu6SCRyIjIgXihpbnRlcmZhY2VzL2VuaS1bMC05YS1mXXsxN30pPySQtRgDUgRuYW1lEksKDGRpc3BsYXlfbmFtZRgCIAEoCUIoukgdchsyGV4oW2Etel1bYS16MC05LV17MCw2Mn0pPySitRgEbmFtZVILZGlzcGxheU5hbWUSVAoLbWFjX2FkZHJlc3MYAyABKAlCM7pIJXIjMiFeKFswLTlhLWZdezJ9KDpbMC05YS1mXXsyfSl7NX0pPySQtRgCorUYA21hY1IKbWFjQWRkcmVzcxJECghpbnN0YW5jZRgEIAEoCUIoukghch8yHV4oaW5zdGFuY2VzL2ktWzAtOWEtZl17MTd9KT8kkLUYAVIIaW5zdGFuY2USQQoKY29uZGl0aW9ucxgFIAMoCzITLmFyZ29uLnYxLkNvbmRpdGlvbkIMukgFkgECEBCQtRgBUgpjb25kaXRpb25zEkEKC2NyZWF0ZV90aW1lGAYgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcEIEkLUYAVIKY3JlYXRlVGltZSK4AQoWQ3JlYXRlSW50ZXJmYWNlUmVxdWVzdBI5CglpbnRlcmZhY2UYASABKAsyEy5hcmdvbi52MS5JbnRlcmZhY2VCBrpIA8gBAVIJaW50ZXJmYWNlEj4KCnJlcXVlc3RfaWQYAiABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAMgASgIUgx2YWxpZGF0ZU9ubHkiTwoTR2V0SW50ZXJmYWNlUmVxdWVzdBI4CgRuYW1lGAEgASgJQiS6SCFyHzIdXmludGVyZmFjZXMvZW5pLVswLTlhLWZdezE3fSRSBG5hbWUiZwoVTGlzdEludGVyZmFjZXNSZXF1ZXN0EiUKCXBhZ2Vfc2l6ZRgBIAEoDUIIukgFKgMY6AdSCHBhZ2VTaXplEicKCnBhZ2VfdG9rZW4YAiABKAlCCLpIBXIDGIACUglwYWdlVG9rZW4iigEKFkxpc3RJbnRlcmZhY2VzUmVzcG9uc2USPgoKaW50ZXJmYWNlcxgBIAMoCzITLmFyZ29uLnYxLkludGVyZmFjZUIJukgGkgEDEOgHUgppbnRlcmZhY2VzEjAKD25leHRfcGFnZV90b2tlbhgCIAEoCUIIukgFcgMYgAJSDW5leHRQYWdlVG9rZW4i3AEKFkRlbGV0ZUludGVyZmFjZVJlcXVlc3QSOAoEbmFtZRgBIAEoCUIkukghch8yHV5pbnRlcmZhY2VzL2VuaS1bMC05YS1mXXsxN30kUgRuYW1lEj4KCnJlcXVlc3RfaWQYAiABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAMgASgIUgx2YWxpZGF0ZU9ubHkSIwoNYWxsb3dfbWlzc2luZxgEIAEoCFIMYWxsb3dNaXNzaW5nIhkKF0RlbGV0ZUludGVyZmFjZVJlc3BvbnNlIvYBChZBdHRhY2hJbnRlcmZhY2VSZXF1ZXN0EjgKBG5hbWUYASABKAlCJLpIIXIfMh1eaW50ZXJmYWNlcy9lbmktWzAtOWEtZl17MTd9JFIEbmFtZRI9CghpbnN0YW5jZRgCIAEoCUIhukgechwyGl5pbnN0YW5jZXMvaS1bMC05YS1mXXsxN30kUghpbnN0YW5jZRI+CgpyZXF1ZXN0X2lkGAMgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgEIAEoCFIMdmFsaWRhdGVPbmx5Is0BChZEZXRhY2hJbnRlcmZhY2VSZXF1ZXN0EjgKBG5hbWUYASABKAlCJLpIIXIfMh1eaW50ZXJmYWNlcy9lbmktWzAtOWEtZl17MTd9JFIEbmFtZRIUCgVmb3JjZRgCIAEoCFIFZm9yY2USPgoKcmVxdWVzdF9pZBgDIAEoCUIfukgcchoyGF4oWzAtOUEtWmEtel8tXXs4LDY0fSk/JFIJcmVxdWVzdElkEiMKDXZhbGlkYXRlX29ubHkYBCABKAhSDHZhbGlkYXRlT25seTLKBQoKSW50ZXJmYWNlcxJvCg9DcmVhdGVJbnRlcmZhY2USIC5hcmdvbi52MS5DcmVhdGVJbnRlcmZhY2VSZXF1ZXN0GhMuYXJnb24udjEuSW50ZXJmYWNlIiGKtRgdChFpbnRlcmZhY2VzOmNyZWF0ZRIEaG9zdBgCIAIoADAAEmYKDEdldEludGVyZmFjZRIdLmFyZ29uLnYxLkdldEludGVyZmFjZVJlcXVlc3QaEy5hcmdvbi52MS5JbnRlcmZhY2UiHoq1GBoKDmludGVyZmFjZXM6Z2V0EgRuYW1lGAEgASgAMAASeAoOTGlzdEludGVyZmFjZXMSHy5hcmdvbi52MS5MaXN0SW50ZXJmYWNlc1JlcXVlc3QaIC5hcmdvbi52MS5MaXN0SW50ZXJmYWNlc1Jlc3BvbnNlIh+KtRgbCg9pbnRlcmZhY2VzOmxpc3QSBGhvc3QYASABKAAwABJ9Cg9EZWxldGVJbnRlcmZhY2USIC5hcmdvbi52MS5EZWxldGVJbnRlcmZhY2VSZXF1ZXN0GiEuYXJnb24udjEuRGVsZXRlSW50ZXJmYWNlUmVzcG9uc2UiIYq1GB0KEWludGVyZmFjZXM6ZGVsZXRlEgRuYW1lGAMgAygAMAASeQoPQXR0YWNoSW50ZXJmYWNlEiAuYXJnb24udjEuQXR0YWNoSW50ZXJmYWNlUmVxdWVzdBoTLmFyZ29uLnYxLkludGVyZmFjZSIrirUYJwoRaW50ZXJmYWNlczphdHRhY2gSBG5hbWUSCGluc3RhbmNlGAIgAigAMAASbwoPRGV0YWNoSW50ZXJmYWNlEiAuYXJnb24udjEuRGV0YWNoSW50ZXJmYWNlUmVxdWVzdBoTLmFyZ29uLnYxLkludGVyZmFjZSIhirUYHQoRaW50ZXJmYWNlczpkZXRhY2gSBG5hbWUYAyADKAAwAGIGcHJvdG8z"
  },
  {
    "name": "argon/v1/metrics.proto",
    "dependencies": [
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Metrics",
      "argon.v1.Metrics.GetVolumeMetrics",
      "argon.v1.Metrics.ListVolumeMetrics",
      "argon.v1.Histogram",
      "argon.v1.QueueMetrics",
      "argon.v1.VolumeMetrics",
      "argon.v1.GetVolumeMetricsRequest",
      "argon.v1.ListVolumeMetricsRequest",
      "argon.v1.ListVolumeMetricsResponse"
    ],
    "extensions": [],
    "base64": "ChZhcmdvbi92MS9tZXRyaWNzLnByb3RvEghhcmdvbi52MRocYXJnb24vdjEvZmllbGRfb3B0aW9ucy5wcm90bxoWYXJnb24vdjEvb3B0aW9ucy5wcm90bxobYnVmL3ZhbGlkYXRlL3ZhbGlkYXRlLnByb3RvGh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvIpIBCglIaXN0b2dyYW0SFAoFY291bnQYASABKARSBWNvdW50EhAKA3N1bRgCIAEoBFIDc3VtEhAKA21heBgDIAEoBFIDbWF4EigKCnVwcGVyX2VuZHMYBCADKARCCbpIBpIBAxCAIFIJdXBwZXJFbmRzEiEKBmNvdW50cxgFIAMoBEIJukgGkgEDEIAgUgZjb3VudHMiwQUKDFF1ZXVlTWV0cmljcxIUCgVyZWFkcxgBIAEoBFIFcmVhZHMSKAoKcmVhZF9ieXRlcxgCIAEoBEIJmrUYBWJ5dGVzUglyZWFkQnl0ZXMSFgoGd3JpdGVzGAMgASgEUgZ3cml0ZXMSLgoNd3JpdHRlbl9ieXRlcxgEIAEoBEIJmrUYBWJ5dGVzUgx3cml0dGVuQnl0ZXMSGAoHZmx1c2hlcxgFIAEoBFIHZmx1c2hlcxIaCghkaXNjYXJkcxgGIAEoBFIIZGlzY2FyZHMSMgoPZGlzY2FyZGVkX2J5dGVzGAcgASgEQgmatRgFYnl0ZXNSDmRpc2NhcmRlZEJ5dGVzEiEKDHdyaXRlX3plcm9lcxgIIAEoBFILd3JpdGVaZXJvZXMSLAoMemVyb2VkX2J5dGVzGAkgASgEQgmatRgFYnl0ZXNSC3plcm9lZEJ5dGVzEhoKCGZhaWx1cmVzGAogASgEUghmYWlsdXJlcxIpChBtYWxmb3JtZWRfY2hhaW5zGAsgASgEUg9tYWxmb3JtZWRDaGFpbnMSFAoFa2lja3MYDCABKARSBWtpY2tzEhQKBWNhbGxzGA0gASgEUgVjYWxscxIbCglpbl9mbGlnaHQYDiABKARSCGluRmxpZ2h0EiMKCW9sZGVzdF9ucxgPIAEoBEIGmrUYAm5zUghvbGRlc3ROcxI7Cg9yZWFkX2xhdGVuY3lfbnMYECABKAsyEy5hcmdvbi52MS5IaXN0b2dyYW1SDXJlYWRMYXRlbmN5TnMSPQoQd3JpdGVfbGF0ZW5jeV9ucxgRIAEoCzITLmFyZ29uLnYxLkhpc3RvZ3JhbVIOd3JpdGVMYXRlbmN5TnMSPQoQZmx1c2hfbGF0ZW5jeV9ucxgSIAEoCzITLmFyZ29uLnYxLkhpc3RvZ3JhbVIOZmx1c2hMYXRlbmN5TnMixwIKDVZvbHVtZU1ldHJpY3MSNAoEbmFtZRgBIAEoCUIgukgdchsyGV52b2x1bWVzL3ZvbFswLTlhLWZdezE3fSRSBG5hbWUSQAoIaW5zdGFuY2UYAiABKAlCJLpIIXIfMh1eKGluc3RhbmNlcy9pLVswLTlhLWZdezE3fSk/JFIIaW5zdGFuY2USNwoJcmVhZF90aW1lGAMgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcFIIcmVhZFRpbWUSOQoGcXVldWVzGAQgAygLMhYuYXJnb24udjEuUXVldWVNZXRyaWNzQgm6SAaSAQMQgAJSBnF1ZXVlcxIjCg1jYXJkX3Jlc3RhcnRzGAUgASgNUgxjYXJkUmVzdGFydHMSJQoKc3RhbGxlZF9ucxgGIAEoBEIGmrUYAm5zUglzdGFsbGVkTnMiTwoXR2V0Vm9sdW1lTWV0cmljc1JlcXVlc3QSNAoEbmFtZRgBIAEoCUIgukgdchsyGV52b2x1bWVzL3ZvbFswLTlhLWZdezE3fSRSBG5hbWUiagoYTGlzdFZvbHVtZU1ldHJpY3NSZXF1ZXN0EiUKCXBhZ2Vfc2l6ZRgBIAEoDUIIukgFKgMY6AdSCHBhZ2VTaXplEicKCnBhZ2VfdG9rZW4YAiABKAlCCLpIBXIDGIACUglwYWdlVG9rZW4iiwEKGUxpc3RWb2x1bWVNZXRyaWNzUmVzcG9uc2USPAoHdm9sdW1lcxgBIAMoCzIXLmFyZ29uLnYxLlZvbHVtZU1ldHJpY3NCCbpIBpIBAxDoB1IHdm9sdW1lcxIwCg9uZXh0X3BhZ2VfdG9rZW4YAiABKAlCCLpIBXIDGIACUg1uZXh0UGFnZVRva2VuMvoBCgdNZXRyaWNzEm8KEEdldFZvbHVtZU1ldHJpY3MSIS5hcmdvbi52MS5HZXRWb2x1bWVNZXRyaWNzUmVxdWVzdBoXLmFyZ29uLnYxLlZvbHVtZU1ldHJpY3MiG4q1GBcKC21ldHJpY3M6Z2V0EgRuYW1lGAEgASgAMAASfgoRTGlzdFZvbHVtZU1ldHJpY3MSIi5hcmdvbi52MS5MaXN0Vm9sdW1lTWV0cmljc1JlcXVlc3QaIy5hcmdvbi52MS5MaXN0Vm9sdW1lTWV0cmljc1Jlc3BvbnNlIhyKtRgYCgxtZXRyaWNzOmxpc3QSBGhvc3QYASABKAAwAGIGcHJvdG8z"
  },
  {
    "name": "argon/v1/options.proto",
    "dependencies": [
      "google/protobuf/descriptor.proto"
    ],
    "symbols": [
      "argon.v1.AuditClass",
      "argon.v1.QuotaClass",
      "argon.v1.MethodRule",
      "argon.v1.rule"
    ],
    "extensions": [
      [
        "google.protobuf.MethodOptions",
        50001
      ]
    ],
    "base64": "ChZhcmdvbi92MS9vcHRpb25zLnByb3RvEghhcmdvbi52MRogZ29vZ2xlL3Byb3RvYnVmL2Rlc2NyaXB0b3IucHJvdG8ilgEKCk1ldGhvZFJ1bGUSFAoFc2NvcGUYASABKAlSBXNjb3BlEhoKCHJlc291cmNlGAIgAygJUghyZXNvdXJjZRIqCgVhdWRpdBgDIAEoDjIULmFyZ29uLnYxLkF1ZGl0Q2xhc3NSBWF1ZGl0EioKBXF1b3RhGAQgASgOMhQuYXJnb24udjEuUXVvdGFDbGFzc1IFcXVvdGEqdAoKQXVkaXRDbGFzcxIbChdBVURJVF9DTEFTU19VTlNQRUNJRklFRBAAEhQKEEFVRElUX0NMQVNTX1JFQUQQARIWChJBVURJVF9DTEFTU19DSEFOR0UQAhIbChdBVURJVF9DTEFTU19ERVNUUlVDVElWRRADKnQKClF1b3RhQ2xhc3MSGwoXUVVPVEFfQ0xBU1NfVU5TUEVDSUZJRUQQABIUChBRVU9UQV9DTEFTU19SRUFEEAESFgoSUVVPVEFfQ0xBU1NfQ0hBTkdFEAISGwoXUVVPVEFfQ0xBU1NfREVTVFJVQ1RJVkUQAzpKCgRydWxlEh4uZ29vZ2xlLnByb3RvYnVmLk1ldGhvZE9wdGlvbnMY0YYDIAEoCzIULmFyZ29uLnYxLk1ldGhvZFJ1bGVSBHJ1bGViBnByb3RvMw=="
  },
  {
    "name": "argon/v1/volumes.proto",
    "dependencies": [
      "argon/v1/common.proto",
      "argon/v1/field_options.proto",
      "argon/v1/options.proto",
      "buf/validate/validate.proto",
      "google/protobuf/field_mask.proto",
      "google/protobuf/timestamp.proto"
    ],
    "symbols": [
      "argon.v1.Volumes",
      "argon.v1.Volumes.CreateVolume",
      "argon.v1.Volumes.GetVolume",
      "argon.v1.Volumes.ListVolumes",
      "argon.v1.Volumes.UpdateVolume",
      "argon.v1.Volumes.DeleteVolume",
      "argon.v1.Volumes.AttachVolume",
      "argon.v1.Volumes.DetachVolume",
      "argon.v1.VolumeCipher",
      "argon.v1.VolumeState",
      "argon.v1.Volume",
      "argon.v1.AttachmentState",
      "argon.v1.Attachment",
      "argon.v1.CreateVolumeRequest",
      "argon.v1.GetVolumeRequest",
      "argon.v1.ListVolumesRequest",
      "argon.v1.ListVolumesResponse",
      "argon.v1.UpdateVolumeRequest",
      "argon.v1.DeleteVolumeRequest",
      "argon.v1.DeleteVolumeResponse",
      "argon.v1.AttachVolumeRequest",
      "argon.v1.DetachVolumeRequest"
    ],
    "extensions": [],
    "base64": "ChZhcmdvbi92MS92b2x1bWVzLnByb3RvEghhcmdvbi52MRoVYXJnb24vdjEvY29tbW9uLnByb3RvGhxhcmdvbi92MS9maWVsZF9vcHRpb25zLnByb3RvGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8aIGdvb2dsZS9wcm90b2J1Zi9maWVsZF9tYXNrLnByb3RvGh9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvIpIFCgZWb2x1bWUSOwoEbmFtZRgBIAEoCUInukggch4yHF4odm9sdW1lcy92b2xbMC05YS1mXXsxN30pPySQtRgDUgRuYW1lEksKDGRpc3BsYXlfbmFtZRgCIAEoCUIoukgdchsyGV4oW2Etel1bYS16MC05LV17MCw2Mn0pPySitRgEbmFtZVILZGlzcGxheU5hbWUSNQoKc2l6ZV9ieXRlcxgDIAEoBEIWukgKMggYgICAgICAQJq1GAVieXRlc1IJc2l6ZUJ5dGVzEjwKBmNpcGhlchgEIAEoDjIWLmFyZ29uLnYxLlZvbHVtZUNpcGhlckIMukgFggECEAGQtRgCUgZjaXBoZXISOQoFc3RhdGUYBSABKA4yFS5hcmdvbi52MS5Wb2x1bWVTdGF0ZUIMukgFggECEAGQtRgBUgVzdGF0ZRJBCgpjb25kaXRpb25zGAYgAygLMhMuYXJnb24udjEuQ29uZGl0aW9uQgy6SAWSAQIQEJC1GAFSCmNvbmRpdGlvbnMSJAoGc291cmNlGAcgASgJQgy6SAVyAxiAApC1GAFSBnNvdXJjZRJBCgtjcmVhdGVfdGltZRgIIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBCBJC1GAFSCmNyZWF0ZVRpbWUSOAoGbGltaXRzGAkgASgLMhUuYXJnb24udjEuQmxvY2tMaW1pdHNCCaK1GAVsaW1pdFIGbGltaXRzEjoKCmF0dGFjaG1lbnQYCiABKAsyFC5hcmdvbi52MS5BdHRhY2htZW50QgSQtRgBUgphdHRhY2htZW50EiwKBGV0YWcYCyABKAlCGLpIFXITMhFeKFswLTlhLWZdezE2fSk/JFIEZXRhZyL9AQoKQXR0YWNobWVudBI9CghpbnN0YW5jZRgBIAEoCUIhukgechwyGl5pbnN0YW5jZXMvaS1bMC05YS1mXXsxN30kUghpbnN0YW5jZRI5CgVzdGF0ZRgCIAEoDjIZLmFyZ29uLnYxLkF0dGFjaG1lbnRTdGF0ZUIIukgFggECEAFSBXN0YXRlEhsKBHNsb3QYAyABKA1CB7pIBCoCGD9SBHNsb3QSGwoJcmVhZF9vbmx5GAQgASgIUghyZWFkT25seRI7CgthdHRhY2hfdGltZRgFIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXBSCmF0dGFjaFRpbWUirAEKE0NyZWF0ZVZvbHVtZVJlcXVlc3QSMAoGdm9sdW1lGAEgASgLMhAuYXJnb24udjEuVm9sdW1lQga6SAPIAQFSBnZvbHVtZRI+CgpyZXF1ZXN0X2lkGAIgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgDIAEoCFIMdmFsaWRhdGVPbmx5IkgKEEdldFZvbHVtZVJlcXVlc3QSNAoEbmFtZRgBIAEoCUIgukgdchsyGV52b2x1bWVzL3ZvbFswLTlhLWZdezE3fSRSBG5hbWUiZAoSTGlzdFZvbHVtZXNSZXF1ZXN0EiUKCXBhZ2Vfc2l6ZRgBIAEoDUIIukgFKgMY6AdSCHBhZ2VTaXplEicKCnBhZ2VfdG9rZW4YAiABKAlCCLpIBXIDGIACUglwYWdlVG9rZW4ifgoTTGlzdFZvbHVtZXNSZXNwb25zZRI1Cgd2b2x1bWVzGAEgAygLMhAuYXJnb24udjEuVm9sdW1lQgm6SAaSAQMQ6AdSB3ZvbHVtZXMSMAoPbmV4dF9wYWdlX3Rva2VuGAIgASgJQgi6SAVyAxiAAlINbmV4dFBhZ2VUb2tlbiKWAgoTVXBkYXRlVm9sdW1lUmVxdWVzdBIwCgZ2b2x1bWUYASABKAsyEC5hcmdvbi52MS5Wb2x1bWVCBrpIA8gBAVIGdm9sdW1lEmgKC3VwZGF0ZV9tYXNrGAIgASgLMhouZ29vZ2xlLnByb3RvYnVmLkZpZWxkTWFza0IrukgoyAEB4gEiEgxkaXNwbGF5X25hbWUSCnNpemVfYnl0ZXMSBmxpbWl0c1IKdXBkYXRlTWFzaxI+CgpyZXF1ZXN0X2lkGAMgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgEIAEoCFIMdmFsaWRhdGVPbmx5IoMCChNEZWxldGVWb2x1bWVSZXF1ZXN0EjQKBG5hbWUYASABKAlCILpIHXIbMhledm9sdW1lcy92b2xbMC05YS1mXXsxN30kUgRuYW1lEiwKBGV0YWcYAiABKAlCGLpIFXITMhFeKFswLTlhLWZdezE2fSk/JFIEZXRhZxI+CgpyZXF1ZXN0X2lkGAMgASgJQh+6SBxyGjIYXihbMC05QS1aYS16Xy1dezgsNjR9KT8kUglyZXF1ZXN0SWQSIwoNdmFsaWRhdGVfb25seRgEIAEoCFIMdmFsaWRhdGVPbmx5EiMKDWFsbG93X21pc3NpbmcYBSABKAhSDGFsbG93TWlzc2luZyIWChREZWxldGVWb2x1bWVSZXNwb25zZSKMAgoTQXR0YWNoVm9sdW1lUmVxdWVzdBI0CgRuYW1lGAEgASgJQiC6SB1yGzIZXnZvbHVtZXMvdm9sWzAtOWEtZl17MTd9JFIEbmFtZRI9CghpbnN0YW5jZRgCIAEoCUIhukgechwyGl5pbnN0YW5jZXMvaS1bMC05YS1mXXsxN30kUghpbnN0YW5jZRIbCglyZWFkX29ubHkYAyABKAhSCHJlYWRPbmx5Ej4KCnJlcXVlc3RfaWQYBCABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAUgASgIUgx2YWxpZGF0ZU9ubHkixgEKE0RldGFjaFZvbHVtZVJlcXVlc3QSNAoEbmFtZRgBIAEoCUIgukgdchsyGV52b2x1bWVzL3ZvbFswLTlhLWZdezE3fSRSBG5hbWUSFAoFZm9yY2UYAiABKAhSBWZvcmNlEj4KCnJlcXVlc3RfaWQYAyABKAlCH7pIHHIaMhheKFswLTlBLVphLXpfLV17OCw2NH0pPyRSCXJlcXVlc3RJZBIjCg12YWxpZGF0ZV9vbmx5GAQgASgIUgx2YWxpZGF0ZU9ubHkqZAoMVm9sdW1lQ2lwaGVyEh0KGVZPTFVNRV9DSVBIRVJfVU5TUEVDSUZJRUQQABIdChlWT0xVTUVfQ0lQSEVSX0FFU18yNTZfWFRTEAESFgoSVk9MVU1FX0NJUEhFUl9OT05FEAIqrgEKC1ZvbHVtZVN0YXRlEhwKGFZPTFVNRV9TVEFURV9VTlNQRUNJRklFRBAAEhkKFVZPTFVNRV9TVEFURV9DUkVBVElORxABEhoKFlZPTFVNRV9TVEFURV9BVkFJTEFCTEUQAhIXChNWT0xVTUVfU1RBVEVfSU5fVVNFEAMSGQoVVk9MVU1FX1NUQVRFX0RFTEVUSU5HEAQSFgoSVk9MVU1FX1NUQVRFX0VSUk9SEAUqrQEKD0F0dGFjaG1lbnRTdGF0ZRIgChxBVFRBQ0hNRU5UX1NUQVRFX1VOU1BFQ0lGSUVEEAASHgoaQVRUQUNITUVOVF9TVEFURV9BVFRBQ0hJTkcQARIdChlBVFRBQ0hNRU5UX1NUQVRFX0FUVEFDSEVEEAISHgoaQVRUQUNITUVOVF9TVEFURV9ERVRBQ0hJTkcQAxIZChVBVFRBQ0hNRU5UX1NUQVRFX0JVU1kQBDLrBQoHVm9sdW1lcxJjCgxDcmVhdGVWb2x1bWUSHS5hcmdvbi52MS5DcmVhdGVWb2x1bWVSZXF1ZXN0GhAuYXJnb24udjEuVm9sdW1lIh6KtRgaCg52b2x1bWVzOmNyZWF0ZRIEaG9zdBgCIAIoADAAEloKCUdldFZvbHVtZRIaLmFyZ29uLnYxLkdldFZvbHVtZVJlcXVlc3QaEC5hcmdvbi52MS5Wb2x1bWUiG4q1GBcKC3ZvbHVtZXM6Z2V0EgRuYW1lGAEgASgAMAASbAoLTGlzdFZvbHVtZXMSHC5hcmdvbi52MS5MaXN0Vm9sdW1lc1JlcXVlc3QaHS5hcmdvbi52MS5MaXN0Vm9sdW1lc1Jlc3BvbnNlIhyKtRgYCgx2b2x1bWVzOmxpc3QSBGhvc3QYASABKAAwABJqCgxVcGRhdGVWb2x1bWUSHS5hcmdvbi52MS5VcGRhdGVWb2x1bWVSZXF1ZXN0GhAuYXJnb24udjEuVm9sdW1lIiWKtRghCg52b2x1bWVzOnVwZGF0ZRILdm9sdW1lLm5hbWUYAiACKAAwABJxCgxEZWxldGVWb2x1bWUSHS5hcmdvbi52MS5EZWxldGVWb2x1bWVSZXF1ZXN0Gh4uYXJnb24udjEuRGVsZXRlVm9sdW1lUmVzcG9uc2UiHoq1GBoKDnZvbHVtZXM6ZGVsZXRlEgRuYW1lGAMgAygAMAASbQoMQXR0YWNoVm9sdW1lEh0uYXJnb24udjEuQXR0YWNoVm9sdW1lUmVxdWVzdBoQLmFyZ29uLnYxLlZvbHVtZSIoirUYJAoOdm9sdW1lczphdHRhY2gSBG5hbWUSCGluc3RhbmNlGAIgAigAMAASYwoMRGV0YWNoVm9sdW1lEh0uYXJnb24udjEuRGV0YWNoVm9sdW1lUmVxdWVzdBoQLmFyZ29uLnYxLlZvbHVtZSIeirUYGgoOdm9sdW1lczpkZXRhY2gSBG5hbWUYAyADKAAwAGIGcHJvdG8z"
  },
  {
    "name": "argon/wire/v1/status.proto",
    "dependencies": [
      "buf/validate/validate.proto"
    ],
    "symbols": [
      "argon.wire.v1.Status",
      "argon.wire.v1.Detail",
      "argon.wire.v1.ErrorInfo",
      "argon.wire.v1.ErrorInfo.Metadata",
      "argon.wire.v1.BadRequest",
      "argon.wire.v1.BadRequest.FieldViolation"
    ],
    "extensions": [],
    "base64": "Chphcmdvbi93aXJlL3YxL3N0YXR1cy5wcm90bxINYXJnb24ud2lyZS52MRobYnVmL3ZhbGlkYXRlL3ZhbGlkYXRlLnByb3RvInsKBlN0YXR1cxISCgRjb2RlGAEgASgFUgRjb2RlEiIKB21lc3NhZ2UYAiABKAlCCLpIBXIDGIAQUgdtZXNzYWdlEjkKB2RldGFpbHMYAyADKAsyFS5hcmdvbi53aXJlLnYxLkRldGFpbEIIukgFkgECEAhSB2RldGFpbHMiTgoGRGV0YWlsEiMKCHR5cGVfdXJsGAEgASgJQgi6SAVyAxiAAVIHdHlwZVVybBIfCgV2YWx1ZRgCIAEoDEIJukgGegQYgIAEUgV2YWx1ZSKNAgoJRXJyb3JJbmZvEjUKBnJlYXNvbhgBIAEoCUIdukgachgyFl5bQS1aXVtBLVowLTlfXXswLDYyfSRSBnJlYXNvbhIfCgZkb21haW4YAiABKAlCB7pIBHICGEBSBmRvbWFpbhJHCghtZXRhZGF0YRgDIAMoCzIhLmFyZ29uLndpcmUudjEuRXJyb3JJbmZvLk1ldGFkYXRhQgi6SAWSAQIQIFIIbWV0YWRhdGEaXwoITWV0YWRhdGESMwoDa2V5GAEgASgJQiG6SB5yHDIaXlthLXpdW0EtWmEtejAtOV8tXXswLDYyfSRSA2tleRIeCgV2YWx1ZRgCIAEoCUIIukgFcgMYgAhSBXZhbHVlIskBCgpCYWRSZXF1ZXN0El0KEGZpZWxkX3Zpb2xhdGlvbnMYASADKAsyKC5hcmdvbi53aXJlLnYxLkJhZFJlcXVlc3QuRmllbGRWaW9sYXRpb25CCLpIBZIBAhAQUg9maWVsZFZpb2xhdGlvbnMaXAoORmllbGRWaW9sYXRpb24SHgoFZmllbGQYASABKAlCCLpIBXIDGIAEUgVmaWVsZBIqCgtkZXNjcmlwdGlvbhgCIAEoCUIIukgFcgMYgARSC2Rlc2NyaXB0aW9uYgZwcm90bzM="
  },
  {
    "name": "buf/validate/validate.proto",
    "dependencies": [
      "google/protobuf/descriptor.proto"
    ],
    "symbols": [
      "buf.validate.oneof",
      "buf.validate.field",
      "buf.validate.OneofRules",
      "buf.validate.FieldRules",
      "buf.validate.Int32Rules",
      "buf.validate.Int64Rules",
      "buf.validate.UInt32Rules",
      "buf.validate.UInt64Rules",
      "buf.validate.StringRules",
      "buf.validate.BytesRules",
      "buf.validate.EnumRules",
      "buf.validate.RepeatedRules",
      "buf.validate.FieldMaskRules"
    ],
    "extensions": [
      [
        "google.protobuf.OneofOptions",
        1159
      ],
      [
        "google.protobuf.FieldOptions",
        1159
      ]
    ],
    "base64": "ChtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8SDGJ1Zi52YWxpZGF0ZRogZ29vZ2xlL3Byb3RvYnVmL2Rlc2NyaXB0b3IucHJvdG8iKAoKT25lb2ZSdWxlcxIaCghyZXF1aXJlZBgBIAEoCFIIcmVxdWlyZWQijgQKCkZpZWxkUnVsZXMSGgoIcmVxdWlyZWQYGSABKAhSCHJlcXVpcmVkEjAKBWludDMyGAMgASgLMhguYnVmLnZhbGlkYXRlLkludDMyUnVsZXNIAFIFaW50MzISMAoFaW50NjQYBCABKAsyGC5idWYudmFsaWRhdGUuSW50NjRSdWxlc0gAUgVpbnQ2NBIzCgZ1aW50MzIYBSABKAsyGS5idWYudmFsaWRhdGUuVUludDMyUnVsZXNIAFIGdWludDMyEjMKBnVpbnQ2NBgGIAEoCzIZLmJ1Zi52YWxpZGF0ZS5VSW50NjRSdWxlc0gAUgZ1aW50NjQSMwoGc3RyaW5nGA4gASgLMhkuYnVmLnZhbGlkYXRlLlN0cmluZ1J1bGVzSABSBnN0cmluZxIwCgVieXRlcxgPIAEoCzIYLmJ1Zi52YWxpZGF0ZS5CeXRlc1J1bGVzSABSBWJ5dGVzEi0KBGVudW0YECABKAsyFy5idWYudmFsaWRhdGUuRW51bVJ1bGVzSABSBGVudW0SOQoIcmVwZWF0ZWQYEiABKAsyGy5idWYudmFsaWRhdGUuUmVwZWF0ZWRSdWxlc0gAUghyZXBlYXRlZBI9CgpmaWVsZF9tYXNrGBwgASgLMhwuYnVmLnZhbGlkYXRlLkZpZWxkTWFza1J1bGVzSABSCWZpZWxkTWFza0IGCgR0eXBlIpwBCgpJbnQzMlJ1bGVzEhAKAmx0GAIgASgFSABSAmx0EhIKA2x0ZRgDIAEoBUgAUgNsdGUSEAoCZ3QYBCABKAVIAVICZ3QSEgoDZ3RlGAUgASgFSAFSA2d0ZRIOCgJpbhgGIAMoBVICaW4SFQoGbm90X2luGAcgAygFUgVub3RJbkILCglsZXNzX3RoYW5CDgoMZ3JlYXRlcl90aGFuIpwBCgpJbnQ2NFJ1bGVzEhAKAmx0GAIgASgDSABSAmx0EhIKA2x0ZRgDIAEoA0gAUgNsdGUSEAoCZ3QYBCABKANIAVICZ3QSEgoDZ3RlGAUgASgDSAFSA2d0ZRIOCgJpbhgGIAMoA1ICaW4SFQoGbm90X2luGAcgAygDUgVub3RJbkILCglsZXNzX3RoYW5CDgoMZ3JlYXRlcl90aGFuIp0BCgtVSW50MzJSdWxlcxIQCgJsdBgCIAEoDUgAUgJsdBISCgNsdGUYAyABKA1IAFIDbHRlEhAKAmd0GAQgASgNSAFSAmd0EhIKA2d0ZRgFIAEoDUgBUgNndGUSDgoCaW4YBiADKA1SAmluEhUKBm5vdF9pbhgHIAMoDVIFbm90SW5CCwoJbGVzc190aGFuQg4KDGdyZWF0ZXJfdGhhbiKdAQoLVUludDY0UnVsZXMSEAoCbHQYAiABKARIAFICbHQSEgoDbHRlGAMgASgESABSA2x0ZRIQCgJndBgEIAEoBEgBUgJndBISCgNndGUYBSABKARIAVIDZ3RlEg4KAmluGAYgAygEUgJpbhIVCgZub3RfaW4YByADKARSBW5vdEluQgsKCWxlc3NfdGhhbkIOCgxncmVhdGVyX3RoYW4igAEKC1N0cmluZ1J1bGVzEhcKB21pbl9sZW4YAiABKARSBm1pbkxlbhIXCgdtYXhfbGVuGAMgASgEUgZtYXhMZW4SGAoHcGF0dGVybhgGIAEoCVIHcGF0dGVybhIOCgJpbhgKIAMoCVICaW4SFQoGbm90X2luGAsgAygJUgVub3RJbiI+CgpCeXRlc1J1bGVzEhcKB21pbl9sZW4YAiABKARSBm1pbkxlbhIXCgdtYXhfbGVuGAMgASgEUgZtYXhMZW4iVQoJRW51bVJ1bGVzEiEKDGRlZmluZWRfb25seRgCIAEoCFILZGVmaW5lZE9ubHkSDgoCaW4YAyADKAVSAmluEhUKBm5vdF9pbhgEIAMoBVIFbm90SW4ikQEKDVJlcGVhdGVkUnVsZXMSGwoJbWluX2l0ZW1zGAEgASgEUghtaW5JdGVtcxIbCgltYXhfaXRlbXMYAiABKARSCG1heEl0ZW1zEhYKBnVuaXF1ZRgDIAEoCFIGdW5pcXVlEi4KBWl0ZW1zGAQgASgLMhguYnVmLnZhbGlkYXRlLkZpZWxkUnVsZXNSBWl0ZW1zIiAKDkZpZWxkTWFza1J1bGVzEg4KAmluGAIgAygJUgJpbjpOCgVvbmVvZhIdLmdvb2dsZS5wcm90b2J1Zi5PbmVvZk9wdGlvbnMYhwkgASgLMhguYnVmLnZhbGlkYXRlLk9uZW9mUnVsZXNSBW9uZW9mOk4KBWZpZWxkEh0uZ29vZ2xlLnByb3RvYnVmLkZpZWxkT3B0aW9ucxiHCSABKAsyGC5idWYudmFsaWRhdGUuRmllbGRSdWxlc1IFZmllbGRiBnByb3RvMg=="
  },
  {
    "name": "google/protobuf/descriptor.proto",
    "dependencies": [],
    "symbols": [
      "google.protobuf.FileDescriptorSet",
      "google.protobuf.Edition",
      "google.protobuf.FileDescriptorProto",
      "google.protobuf.DescriptorProto",
      "google.protobuf.DescriptorProto.ExtensionRange",
      "google.protobuf.DescriptorProto.ReservedRange",
      "google.protobuf.ExtensionRangeOptions",
      "google.protobuf.ExtensionRangeOptions.Declaration",
      "google.protobuf.ExtensionRangeOptions.VerificationState",
      "google.protobuf.FieldDescriptorProto",
      "google.protobuf.FieldDescriptorProto.Type",
      "google.protobuf.FieldDescriptorProto.Label",
      "google.protobuf.OneofDescriptorProto",
      "google.protobuf.EnumDescriptorProto",
      "google.protobuf.EnumDescriptorProto.EnumReservedRange",
      "google.protobuf.EnumValueDescriptorProto",
      "google.protobuf.ServiceDescriptorProto",
      "google.protobuf.MethodDescriptorProto",
      "google.protobuf.FileOptions",
      "google.protobuf.FileOptions.OptimizeMode",
      "google.protobuf.MessageOptions",
      "google.protobuf.FieldOptions",
      "google.protobuf.FieldOptions.CType",
      "google.protobuf.FieldOptions.JSType",
      "google.protobuf.FieldOptions.OptionRetention",
      "google.protobuf.FieldOptions.OptionTargetType",
      "google.protobuf.FieldOptions.EditionDefault",
      "google.protobuf.FieldOptions.FeatureSupport",
      "google.protobuf.OneofOptions",
      "google.protobuf.EnumOptions",
      "google.protobuf.EnumValueOptions",
      "google.protobuf.ServiceOptions",
      "google.protobuf.MethodOptions",
      "google.protobuf.MethodOptions.IdempotencyLevel",
      "google.protobuf.UninterpretedOption",
      "google.protobuf.UninterpretedOption.NamePart",
      "google.protobuf.FeatureSet",
      "google.protobuf.FeatureSet.FieldPresence",
      "google.protobuf.FeatureSet.EnumType",
      "google.protobuf.FeatureSet.RepeatedFieldEncoding",
      "google.protobuf.FeatureSet.Utf8Validation",
      "google.protobuf.FeatureSet.MessageEncoding",
      "google.protobuf.FeatureSet.JsonFormat",
      "google.protobuf.FeatureSet.EnforceNamingStyle",
      "google.protobuf.FeatureSet.VisibilityFeature",
      "google.protobuf.FeatureSet.VisibilityFeature.DefaultSymbolVisibility",
      "google.protobuf.FeatureSet.ProtoLimitsFeature",
      "google.protobuf.FeatureSet.ProtoLimitsFeature.EnforceProtoLimits",
      "google.protobuf.FeatureSetDefaults",
      "google.protobuf.FeatureSetDefaults.FeatureSetEditionDefault",
      "google.protobuf.SourceCodeInfo",
      "google.protobuf.SourceCodeInfo.Location",
      "google.protobuf.GeneratedCodeInfo",
      "google.protobuf.GeneratedCodeInfo.Annotation",
      "google.protobuf.GeneratedCodeInfo.Annotation.Semantic",
      "google.protobuf.SymbolVisibility"
    ],
    "extensions": [],
    "base64": "CiBnb29nbGUvcHJvdG9idWYvZGVzY3JpcHRvci5wcm90bxIPZ29vZ2xlLnByb3RvYnVmIlsKEUZpbGVEZXNjcmlwdG9yU2V0EjgKBGZpbGUYASADKAsyJC5nb29nbGUucHJvdG9idWYuRmlsZURlc2NyaXB0b3JQcm90b1IEZmlsZSoMCIDsyv8BEIHsyv8BIsUFChNGaWxlRGVzY3JpcHRvclByb3RvEhIKBG5hbWUYASABKAlSBG5hbWUSGAoHcGFja2FnZRgCIAEoCVIHcGFja2FnZRIeCgpkZXBlbmRlbmN5GAMgAygJUgpkZXBlbmRlbmN5EisKEXB1YmxpY19kZXBlbmRlbmN5GAogAygFUhBwdWJsaWNEZXBlbmRlbmN5EicKD3dlYWtfZGVwZW5kZW5jeRgLIAMoBVIOd2Vha0RlcGVuZGVuY3kSKwoRb3B0aW9uX2RlcGVuZGVuY3kYDyADKAlSEG9wdGlvbkRlcGVuZGVuY3kSQwoMbWVzc2FnZV90eXBlGAQgAygLMiAuZ29vZ2xlLnByb3RvYnVmLkRlc2NyaXB0b3JQcm90b1ILbWVzc2FnZVR5cGUSQQoJZW51bV90eXBlGAUgAygLMiQuZ29vZ2xlLnByb3RvYnVmLkVudW1EZXNjcmlwdG9yUHJvdG9SCGVudW1UeXBlEkEKB3NlcnZpY2UYBiADKAsyJy5nb29nbGUucHJvdG9idWYuU2VydmljZURlc2NyaXB0b3JQcm90b1IHc2VydmljZRJDCglleHRlbnNpb24YByADKAsyJS5nb29nbGUucHJvdG9idWYuRmllbGREZXNjcmlwdG9yUHJvdG9SCWV4dGVuc2lvbhI2CgdvcHRpb25zGAggASgLMhwuZ29vZ2xlLnByb3RvYnVmLkZpbGVPcHRpb25zUgdvcHRpb25zEkkKEHNvdXJjZV9jb2RlX2luZm8YCSABKAsyHy5nb29nbGUucHJvdG9idWYuU291cmNlQ29kZUluZm9SDnNvdXJjZUNvZGVJbmZvEhYKBnN5bnRheBgMIAEoCVIGc3ludGF4EjIKB2VkaXRpb24YDiABKA4yGC5nb29nbGUucHJvdG9idWYuRWRpdGlvblIHZWRpdGlvbiL8BgoPRGVzY3JpcHRvclByb3RvEhIKBG5hbWUYASABKAlSBG5hbWUSOwoFZmllbGQYAiADKAsyJS5nb29nbGUucHJvdG9idWYuRmllbGREZXNjcmlwdG9yUHJvdG9SBWZpZWxkEkMKCWV4dGVuc2lvbhgGIAMoCzIlLmdvb2dsZS5wcm90b2J1Zi5GaWVsZERlc2NyaXB0b3JQcm90b1IJZXh0ZW5zaW9uEkEKC25lc3RlZF90eXBlGAMgAygLMiAuZ29vZ2xlLnByb3RvYnVmLkRlc2NyaXB0b3JQcm90b1IKbmVzdGVkVHlwZRJBCgllbnVtX3R5cGUYBCADKAsyJC5nb29nbGUucHJvdG9idWYuRW51bURlc2NyaXB0b3JQcm90b1IIZW51bVR5cGUSWAoPZXh0ZW5zaW9uX3JhbmdlGAUgAygLMi8uZ29vZ2xlLnByb3RvYnVmLkRlc2NyaXB0b3JQcm90by5FeHRlbnNpb25SYW5nZVIOZXh0ZW5zaW9uUmFuZ2USRAoKb25lb2ZfZGVjbBgIIAMoCzIlLmdvb2dsZS5wcm90b2J1Zi5PbmVvZkRlc2NyaXB0b3JQcm90b1IJb25lb2ZEZWNsEjkKB29wdGlvbnMYByABKAsyHy5nb29nbGUucHJvdG9idWYuTWVzc2FnZU9wdGlvbnNSB29wdGlvbnMSVQoOcmVzZXJ2ZWRfcmFuZ2UYCSADKAsyLi5nb29nbGUucHJvdG9idWYuRGVzY3JpcHRvclByb3RvLlJlc2VydmVkUmFuZ2VSDXJlc2VydmVkUmFuZ2USIwoNcmVzZXJ2ZWRfbmFtZRgKIAMoCVIMcmVzZXJ2ZWROYW1lEkEKCnZpc2liaWxpdHkYCyABKA4yIS5nb29nbGUucHJvdG9idWYuU3ltYm9sVmlzaWJpbGl0eVIKdmlzaWJpbGl0eRp6Cg5FeHRlbnNpb25SYW5nZRIUCgVzdGFydBgBIAEoBVIFc3RhcnQSEAoDZW5kGAIgASgFUgNlbmQSQAoHb3B0aW9ucxgDIAEoCzImLmdvb2dsZS5wcm90b2J1Zi5FeHRlbnNpb25SYW5nZU9wdGlvbnNSB29wdGlvbnMaNwoNUmVzZXJ2ZWRSYW5nZRIUCgVzdGFydBgBIAEoBVIFc3RhcnQSEAoDZW5kGAIgASgFUgNlbmQisAQKFUV4dGVuc2lvblJhbmdlT3B0aW9ucxJYChR1bmludGVycHJldGVkX29wdGlvbhjnByADKAsyJC5nb29nbGUucHJvdG9idWYuVW5pbnRlcnByZXRlZE9wdGlvblITdW5pbnRlcnByZXRlZE9wdGlvbhJUCgtkZWNsYXJhdGlvbhgCIAMoCzIyLmdvb2dsZS5wcm90b2J1Zi5FeHRlbnNpb25SYW5nZU9wdGlvbnMuRGVjbGFyYXRpb25SC2RlY2xhcmF0aW9uEjcKCGZlYXR1cmVzGDIgASgLMhsuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXRSCGZlYXR1cmVzElwKDHZlcmlmaWNhdGlvbhgDIAEoDjI4Lmdvb2dsZS5wcm90b2J1Zi5FeHRlbnNpb25SYW5nZU9wdGlvbnMuVmVyaWZpY2F0aW9uU3RhdGVSDHZlcmlmaWNhdGlvbhqOAQoLRGVjbGFyYXRpb24SFgoGbnVtYmVyGAEgASgFUgZudW1iZXISGwoJZnVsbF9uYW1lGAIgASgJUghmdWxsTmFtZRISCgR0eXBlGAMgASgJUgR0eXBlEhoKCHJlc2VydmVkGAUgASgIUghyZXNlcnZlZBIaCghyZXBlYXRlZBgGIAEoCFIIcmVwZWF0ZWQiNAoRVmVyaWZpY2F0aW9uU3RhdGUSDwoLREVDTEFSQVRJT04QABIOCgpVTlZFUklGSUVEEAEqCQjoBxCAgICAAiLBBgoURmllbGREZXNjcmlwdG9yUHJvdG8SEgoEbmFtZRgBIAEoCVIEbmFtZRIWCgZudW1iZXIYAyABKAVSBm51bWJlchJBCgVsYWJlbBgEIAEoDjIrLmdvb2dsZS5wcm90b2J1Zi5GaWVsZERlc2NyaXB0b3JQcm90by5MYWJlbFIFbGFiZWwSPgoEdHlwZRgFIAEoDjIqLmdvb2dsZS5wcm90b2J1Zi5GaWVsZERlc2NyaXB0b3JQcm90by5UeXBlUgR0eXBlEhsKCXR5cGVfbmFtZRgGIAEoCVIIdHlwZU5hbWUSGgoIZXh0ZW5kZWUYAiABKAlSCGV4dGVuZGVlEiMKDWRlZmF1bHRfdmFsdWUYByABKAlSDGRlZmF1bHRWYWx1ZRIfCgtvbmVvZl9pbmRleBgJIAEoBVIKb25lb2ZJbmRleBIbCglqc29uX25hbWUYCiABKAlSCGpzb25OYW1lEjcKB29wdGlvbnMYCCABKAsyHS5nb29nbGUucHJvdG9idWYuRmllbGRPcHRpb25zUgdvcHRpb25zEicKD3Byb3RvM19vcHRpb25hbBgRIAEoCFIOcHJvdG8zT3B0aW9uYWwitgIKBFR5cGUSDwoLVFlQRV9ET1VCTEUQARIOCgpUWVBFX0ZMT0FUEAISDgoKVFlQRV9JTlQ2NBADEg8KC1RZUEVfVUlOVDY0EAQSDgoKVFlQRV9JTlQzMhAFEhAKDFRZUEVfRklYRUQ2NBAGEhAKDFRZUEVfRklYRUQzMhAHEg0KCVRZUEVfQk9PTBAIEg8KC1RZUEVfU1RSSU5HEAkSDgoKVFlQRV9HUk9VUBAKEhAKDFRZUEVfTUVTU0FHRRALEg4KClRZUEVfQllURVMQDBIPCgtUWVBFX1VJTlQzMhANEg0KCVRZUEVfRU5VTRAOEhEKDVRZUEVfU0ZJWEVEMzIQDxIRCg1UWVBFX1NGSVhFRDY0EBASDwoLVFlQRV9TSU5UMzIQERIPCgtUWVBFX1NJTlQ2NBASIkMKBUxhYmVsEhIKDkxBQkVMX09QVElPTkFMEAESEgoOTEFCRUxfUkVQRUFURUQQAxISCg5MQUJFTF9SRVFVSVJFRBACImMKFE9uZW9mRGVzY3JpcHRvclByb3RvEhIKBG5hbWUYASABKAlSBG5hbWUSNwoHb3B0aW9ucxgCIAEoCzIdLmdvb2dsZS5wcm90b2J1Zi5PbmVvZk9wdGlvbnNSB29wdGlvbnMipgMKE0VudW1EZXNjcmlwdG9yUHJvdG8SEgoEbmFtZRgBIAEoCVIEbmFtZRI/CgV2YWx1ZRgCIAMoCzIpLmdvb2dsZS5wcm90b2J1Zi5FbnVtVmFsdWVEZXNjcmlwdG9yUHJvdG9SBXZhbHVlEjYKB29wdGlvbnMYAyABKAsyHC5nb29nbGUucHJvdG9idWYuRW51bU9wdGlvbnNSB29wdGlvbnMSXQoOcmVzZXJ2ZWRfcmFuZ2UYBCADKAsyNi5nb29nbGUucHJvdG9idWYuRW51bURlc2NyaXB0b3JQcm90by5FbnVtUmVzZXJ2ZWRSYW5nZVINcmVzZXJ2ZWRSYW5nZRIjCg1yZXNlcnZlZF9uYW1lGAUgAygJUgxyZXNlcnZlZE5hbWUSQQoKdmlzaWJpbGl0eRgGIAEoDjIhLmdvb2dsZS5wcm90b2J1Zi5TeW1ib2xWaXNpYmlsaXR5Ugp2aXNpYmlsaXR5GjsKEUVudW1SZXNlcnZlZFJhbmdlEhQKBXN0YXJ0GAEgASgFUgVzdGFydBIQCgNlbmQYAiABKAVSA2VuZCKDAQoYRW51bVZhbHVlRGVzY3JpcHRvclByb3RvEhIKBG5hbWUYASABKAlSBG5hbWUSFgoGbnVtYmVyGAIgASgFUgZudW1iZXISOwoHb3B0aW9ucxgDIAEoCzIhLmdvb2dsZS5wcm90b2J1Zi5FbnVtVmFsdWVPcHRpb25zUgdvcHRpb25zIqcBChZTZXJ2aWNlRGVzY3JpcHRvclByb3RvEhIKBG5hbWUYASABKAlSBG5hbWUSPgoGbWV0aG9kGAIgAygLMiYuZ29vZ2xlLnByb3RvYnVmLk1ldGhvZERlc2NyaXB0b3JQcm90b1IGbWV0aG9kEjkKB29wdGlvbnMYAyABKAsyHy5nb29nbGUucHJvdG9idWYuU2VydmljZU9wdGlvbnNSB29wdGlvbnMi+wEKFU1ldGhvZERlc2NyaXB0b3JQcm90bxISCgRuYW1lGAEgASgJUgRuYW1lEh0KCmlucHV0X3R5cGUYAiABKAlSCWlucHV0VHlwZRIfCgtvdXRwdXRfdHlwZRgDIAEoCVIKb3V0cHV0VHlwZRI4CgdvcHRpb25zGAQgASgLMh4uZ29vZ2xlLnByb3RvYnVmLk1ldGhvZE9wdGlvbnNSB29wdGlvbnMSKQoQY2xpZW50X3N0cmVhbWluZxgFIAEoCFIPY2xpZW50U3RyZWFtaW5nEikKEHNlcnZlcl9zdHJlYW1pbmcYBiABKAhSD3NlcnZlclN0cmVhbWluZyLQCAoLRmlsZU9wdGlvbnMSIQoMamF2YV9wYWNrYWdlGAEgASgJUgtqYXZhUGFja2FnZRIwChRqYXZhX291dGVyX2NsYXNzbmFtZRgIIAEoCVISamF2YU91dGVyQ2xhc3NuYW1lEi4KE2phdmFfbXVsdGlwbGVfZmlsZXMYCiABKAhSEWphdmFNdWx0aXBsZUZpbGVzEkAKHWphdmFfZ2VuZXJhdGVfZXF1YWxzX2FuZF9oYXNoGBQgASgIUhlqYXZhR2VuZXJhdGVFcXVhbHNBbmRIYXNoEjMKFmphdmFfc3RyaW5nX2NoZWNrX3V0ZjgYGyABKAhSE2phdmFTdHJpbmdDaGVja1V0ZjgSTAoMb3B0aW1pemVfZm9yGAkgASgOMikuZ29vZ2xlLnByb3RvYnVmLkZpbGVPcHRpb25zLk9wdGltaXplTW9kZVILb3B0aW1pemVGb3ISHQoKZ29fcGFja2FnZRgLIAEoCVIJZ29QYWNrYWdlEi4KE2NjX2dlbmVyaWNfc2VydmljZXMYECABKAhSEWNjR2VuZXJpY1NlcnZpY2VzEjIKFWphdmFfZ2VuZXJpY19zZXJ2aWNlcxgRIAEoCFITamF2YUdlbmVyaWNTZXJ2aWNlcxIuChNweV9nZW5lcmljX3NlcnZpY2VzGBIgASgIUhFweUdlbmVyaWNTZXJ2aWNlcxIeCgpkZXByZWNhdGVkGBcgASgIUgpkZXByZWNhdGVkEigKEGNjX2VuYWJsZV9hcmVuYXMYHyABKAhSDmNjRW5hYmxlQXJlbmFzEioKEW9iamNfY2xhc3NfcHJlZml4GCQgASgJUg9vYmpjQ2xhc3NQcmVmaXgSKQoQY3NoYXJwX25hbWVzcGFjZRglIAEoCVIPY3NoYXJwTmFtZXNwYWNlEiEKDHN3aWZ0X3ByZWZpeBgnIAEoCVILc3dpZnRQcmVmaXgSKAoQcGhwX2NsYXNzX3ByZWZpeBgoIAEoCVIOcGhwQ2xhc3NQcmVmaXgSIwoNcGhwX25hbWVzcGFjZRgpIAEoCVIMcGhwTmFtZXNwYWNlEjQKFnBocF9tZXRhZGF0YV9uYW1lc3BhY2UYLCABKAlSFHBocE1ldGFkYXRhTmFtZXNwYWNlEiEKDHJ1YnlfcGFja2FnZRgtIAEoCVILcnVieVBhY2thZ2USNwoIZmVhdHVyZXMYMiABKAsyGy5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldFIIZmVhdHVyZXMSWAoUdW5pbnRlcnByZXRlZF9vcHRpb24Y5wcgAygLMiQuZ29vZ2xlLnByb3RvYnVmLlVuaW50ZXJwcmV0ZWRPcHRpb25SE3VuaW50ZXJwcmV0ZWRPcHRpb24iOgoMT3B0aW1pemVNb2RlEgkKBVNQRUVEEAESDQoJQ09ERV9TSVpFEAISEAoMTElURV9SVU5USU1FEAMqCQjoBxCAgICAAiK9AwoOTWVzc2FnZU9wdGlvbnMSNQoXbWVzc2FnZV9zZXRfd2lyZV9mb3JtYXQYASABKAhSFG1lc3NhZ2VTZXRXaXJlRm9ybWF0EkUKH25vX3N0YW5kYXJkX2Rlc2NyaXB0b3JfYWNjZXNzb3IYAiABKAhSHG5vU3RhbmRhcmREZXNjcmlwdG9yQWNjZXNzb3ISHgoKZGVwcmVjYXRlZBgDIAEoCFIKZGVwcmVjYXRlZBIbCgltYXBfZW50cnkYByABKAhSCG1hcEVudHJ5ElIKJmRlcHJlY2F0ZWRfbGVnYWN5X2pzb25fZmllbGRfY29uZmxpY3RzGAsgASgIUiJkZXByZWNhdGVkTGVnYWN5SnNvbkZpZWxkQ29uZmxpY3RzEjcKCGZlYXR1cmVzGAwgASgLMhsuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXRSCGZlYXR1cmVzElgKFHVuaW50ZXJwcmV0ZWRfb3B0aW9uGOcHIAMoCzIkLmdvb2dsZS5wcm90b2J1Zi5VbmludGVycHJldGVkT3B0aW9uUhN1bmludGVycHJldGVkT3B0aW9uKgkI6AcQgICAgAIi2wwKDEZpZWxkT3B0aW9ucxI5CgVjdHlwZRgBIAEoDjIjLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMuQ1R5cGVSBWN0eXBlEhYKBnBhY2tlZBgCIAEoCFIGcGFja2VkEjwKBmpzdHlwZRgGIAEoDjIkLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMuSlNUeXBlUgZqc3R5cGUSEgoEbGF6eRgFIAEoCFIEbGF6eRInCg91bnZlcmlmaWVkX2xhenkYDyABKAhSDnVudmVyaWZpZWRMYXp5Eh4KCmRlcHJlY2F0ZWQYAyABKAhSCmRlcHJlY2F0ZWQSEgoEd2VhaxgKIAEoCFIEd2VhaxIhCgxkZWJ1Z19yZWRhY3QYECABKAhSC2RlYnVnUmVkYWN0EksKCXJldGVudGlvbhgRIAEoDjItLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMuT3B0aW9uUmV0ZW50aW9uUglyZXRlbnRpb24SSAoHdGFyZ2V0cxgTIAMoDjIuLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMuT3B0aW9uVGFyZ2V0VHlwZVIHdGFyZ2V0cxJXChBlZGl0aW9uX2RlZmF1bHRzGBQgAygLMiwuZ29vZ2xlLnByb3RvYnVmLkZpZWxkT3B0aW9ucy5FZGl0aW9uRGVmYXVsdFIPZWRpdGlvbkRlZmF1bHRzEjcKCGZlYXR1cmVzGBUgASgLMhsuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXRSCGZlYXR1cmVzElUKD2ZlYXR1cmVfc3VwcG9ydBgWIAEoCzIsLmdvb2dsZS5wcm90b2J1Zi5GaWVsZE9wdGlvbnMuRmVhdHVyZVN1cHBvcnRSDmZlYXR1cmVTdXBwb3J0ElgKFHVuaW50ZXJwcmV0ZWRfb3B0aW9uGOcHIAMoCzIkLmdvb2dsZS5wcm90b2J1Zi5VbmludGVycHJldGVkT3B0aW9uUhN1bmludGVycHJldGVkT3B0aW9uGloKDkVkaXRpb25EZWZhdWx0EjIKB2VkaXRpb24YAyABKA4yGC5nb29nbGUucHJvdG9idWYuRWRpdGlvblIHZWRpdGlvbhIUCgV2YWx1ZRgCIAEoCVIFdmFsdWUalgIKDkZlYXR1cmVTdXBwb3J0EkcKEmVkaXRpb25faW50cm9kdWNlZBgBIAEoDjIYLmdvb2dsZS5wcm90b2J1Zi5FZGl0aW9uUhFlZGl0aW9uSW50cm9kdWNlZBJHChJlZGl0aW9uX2RlcHJlY2F0ZWQYAiABKA4yGC5nb29nbGUucHJvdG9idWYuRWRpdGlvblIRZWRpdGlvbkRlcHJlY2F0ZWQSLwoTZGVwcmVjYXRpb25fd2FybmluZxgDIAEoCVISZGVwcmVjYXRpb25XYXJuaW5nEkEKD2VkaXRpb25fcmVtb3ZlZBgEIAEoDjIYLmdvb2dsZS5wcm90b2J1Zi5FZGl0aW9uUg5lZGl0aW9uUmVtb3ZlZCIvCgVDVHlwZRIKCgZTVFJJTkcQABIICgRDT1JEEAESEAoMU1RSSU5HX1BJRUNFEAIiNQoGSlNUeXBlEg0KCUpTX05PUk1BTBAAEg0KCUpTX1NUUklORxABEg0KCUpTX05VTUJFUhACIlUKD09wdGlvblJldGVudGlvbhIVChFSRVRFTlRJT05fVU5LTk9XThAAEhUKEVJFVEVOVElPTl9SVU5USU1FEAESFAoQUkVURU5USU9OX1NPVVJDRRACIowCChBPcHRpb25UYXJnZXRUeXBlEhcKE1RBUkdFVF9UWVBFX1VOS05PV04QABIUChBUQVJHRVRfVFlQRV9GSUxFEAESHwobVEFSR0VUX1RZUEVfRVhURU5TSU9OX1JBTkdFEAISFwoTVEFSR0VUX1RZUEVfTUVTU0FHRRADEhUKEVRBUkdFVF9UWVBFX0ZJRUxEEAQSFQoRVEFSR0VUX1RZUEVfT05FT0YQBRIUChBUQVJHRVRfVFlQRV9FTlVNEAYSGgoWVEFSR0VUX1RZUEVfRU5VTV9FTlRSWRAHEhcKE1RBUkdFVF9UWVBFX1NFUlZJQ0UQCBIWChJUQVJHRVRfVFlQRV9NRVRIT0QQCSoJCOgHEICAgIACIqwBCgxPbmVvZk9wdGlvbnMSNwoIZmVhdHVyZXMYASABKAsyGy5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldFIIZmVhdHVyZXMSWAoUdW5pbnRlcnByZXRlZF9vcHRpb24Y5wcgAygLMiQuZ29vZ2xlLnByb3RvYnVmLlVuaW50ZXJwcmV0ZWRPcHRpb25SE3VuaW50ZXJwcmV0ZWRPcHRpb24qCQjoBxCAgICAAiLAAgoLRW51bU9wdGlvbnMSHwoLYWxsb3dfYWxpYXMYAiABKAhSCmFsbG93QWxpYXMSHgoKZGVwcmVjYXRlZBgDIAEoCFIKZGVwcmVjYXRlZBJSCiZkZXByZWNhdGVkX2xlZ2FjeV9qc29uX2ZpZWxkX2NvbmZsaWN0cxgGIAEoCFIiZGVwcmVjYXRlZExlZ2FjeUpzb25GaWVsZENvbmZsaWN0cxI3CghmZWF0dXJlcxgHIAEoCzIbLmdvb2dsZS5wcm90b2J1Zi5GZWF0dXJlU2V0UghmZWF0dXJlcxJYChR1bmludGVycHJldGVkX29wdGlvbhjnByADKAsyJC5nb29nbGUucHJvdG9idWYuVW5pbnRlcnByZXRlZE9wdGlvblITdW5pbnRlcnByZXRlZE9wdGlvbioJCOgHEICAgIACItICChBFbnVtVmFsdWVPcHRpb25zEh4KCmRlcHJlY2F0ZWQYASABKAhSCmRlcHJlY2F0ZWQSNwoIZmVhdHVyZXMYAiABKAsyGy5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldFIIZmVhdHVyZXMSIQoMZGVidWdfcmVkYWN0GAMgASgIUgtkZWJ1Z1JlZGFjdBJVCg9mZWF0dXJlX3N1cHBvcnQYBCABKAsyLC5nb29nbGUucHJvdG9idWYuRmllbGRPcHRpb25zLkZlYXR1cmVTdXBwb3J0Ug5mZWF0dXJlU3VwcG9ydBJYChR1bmludGVycHJldGVkX29wdGlvbhjnByADKAsyJC5nb29nbGUucHJvdG9idWYuVW5pbnRlcnByZXRlZE9wdGlvblITdW5pbnRlcnByZXRlZE9wdGlvbioGCN4HEOcHKgkI6AcQgICAgAIizgEKDlNlcnZpY2VPcHRpb25zEjcKCGZlYXR1cmVzGCIgASgLMhsuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXRSCGZlYXR1cmVzEh4KCmRlcHJlY2F0ZWQYISABKAhSCmRlcHJlY2F0ZWQSWAoUdW5pbnRlcnByZXRlZF9vcHRpb24Y5wcgAygLMiQuZ29vZ2xlLnByb3RvYnVmLlVuaW50ZXJwcmV0ZWRPcHRpb25SE3VuaW50ZXJwcmV0ZWRPcHRpb24qCQjoBxCAgICAAiL9AgoNTWV0aG9kT3B0aW9ucxIeCgpkZXByZWNhdGVkGCEgASgIUgpkZXByZWNhdGVkElwKEWlkZW1wb3RlbmN5X2xldmVsGCIgASgOMi8uZ29vZ2xlLnByb3RvYnVmLk1ldGhvZE9wdGlvbnMuSWRlbXBvdGVuY3lMZXZlbFIQaWRlbXBvdGVuY3lMZXZlbBI3CghmZWF0dXJlcxgjIAEoCzIbLmdvb2dsZS5wcm90b2J1Zi5GZWF0dXJlU2V0UghmZWF0dXJlcxJYChR1bmludGVycHJldGVkX29wdGlvbhjnByADKAsyJC5nb29nbGUucHJvdG9idWYuVW5pbnRlcnByZXRlZE9wdGlvblITdW5pbnRlcnByZXRlZE9wdGlvbiJQChBJZGVtcG90ZW5jeUxldmVsEhcKE0lERU1QT1RFTkNZX1VOS05PV04QABITCg9OT19TSURFX0VGRkVDVFMQARIOCgpJREVNUE9URU5UEAIqCQjoBxCAgICAAiKaAwoTVW5pbnRlcnByZXRlZE9wdGlvbhJBCgRuYW1lGAIgAygLMi0uZ29vZ2xlLnByb3RvYnVmLlVuaW50ZXJwcmV0ZWRPcHRpb24uTmFtZVBhcnRSBG5hbWUSKQoQaWRlbnRpZmllcl92YWx1ZRgDIAEoCVIPaWRlbnRpZmllclZhbHVlEiwKEnBvc2l0aXZlX2ludF92YWx1ZRgEIAEoBFIQcG9zaXRpdmVJbnRWYWx1ZRIsChJuZWdhdGl2ZV9pbnRfdmFsdWUYBSABKANSEG5lZ2F0aXZlSW50VmFsdWUSIQoMZG91YmxlX3ZhbHVlGAYgASgBUgtkb3VibGVWYWx1ZRIhCgxzdHJpbmdfdmFsdWUYByABKAxSC3N0cmluZ1ZhbHVlEicKD2FnZ3JlZ2F0ZV92YWx1ZRgIIAEoCVIOYWdncmVnYXRlVmFsdWUaSgoITmFtZVBhcnQSGwoJbmFtZV9wYXJ0GAEgAigJUghuYW1lUGFydBIhCgxpc19leHRlbnNpb24YAiACKAhSC2lzRXh0ZW5zaW9uIsUNCgpGZWF0dXJlU2V0ElAKDmZpZWxkX3ByZXNlbmNlGAEgASgOMikuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXQuRmllbGRQcmVzZW5jZVINZmllbGRQcmVzZW5jZRJBCgllbnVtX3R5cGUYAiABKA4yJC5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldC5FbnVtVHlwZVIIZW51bVR5cGUSaQoXcmVwZWF0ZWRfZmllbGRfZW5jb2RpbmcYAyABKA4yMS5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldC5SZXBlYXRlZEZpZWxkRW5jb2RpbmdSFXJlcGVhdGVkRmllbGRFbmNvZGluZxJTCg91dGY4X3ZhbGlkYXRpb24YBCABKA4yKi5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldC5VdGY4VmFsaWRhdGlvblIOdXRmOFZhbGlkYXRpb24SVgoQbWVzc2FnZV9lbmNvZGluZxgFIAEoDjIrLmdvb2dsZS5wcm90b2J1Zi5GZWF0dXJlU2V0Lk1lc3NhZ2VFbmNvZGluZ1IPbWVzc2FnZUVuY29kaW5nEkcKC2pzb25fZm9ybWF0GAYgASgOMiYuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXQuSnNvbkZvcm1hdFIKanNvbkZvcm1hdBJgChRlbmZvcmNlX25hbWluZ19zdHlsZRgHIAEoDjIuLmdvb2dsZS5wcm90b2J1Zi5GZWF0dXJlU2V0LkVuZm9yY2VOYW1pbmdTdHlsZVISZW5mb3JjZU5hbWluZ1N0eWxlEoEBChlkZWZhdWx0X3N5bWJvbF92aXNpYmlsaXR5GAggASgOMkUuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXQuVmlzaWJpbGl0eUZlYXR1cmUuRGVmYXVsdFN5bWJvbFZpc2liaWxpdHlSF2RlZmF1bHRTeW1ib2xWaXNpYmlsaXR5EnMKFGVuZm9yY2VfcHJvdG9fbGltaXRzGAkgASgOMkEuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXQuUHJvdG9MaW1pdHNGZWF0dXJlLkVuZm9yY2VQcm90b0xpbWl0c1ISZW5mb3JjZVByb3RvTGltaXRzGpcBChFWaXNpYmlsaXR5RmVhdHVyZSKBAQoXRGVmYXVsdFN5bWJvbFZpc2liaWxpdHkSJQohREVGQVVMVF9TWU1CT0xfVklTSUJJTElUWV9VTktOT1dOEAASDgoKRVhQT1JUX0FMTBABEhQKEEVYUE9SVF9UT1BfTEVWRUwQAhINCglMT0NBTF9BTEwQAxIKCgZTVFJJQ1QQBBp5ChJQcm90b0xpbWl0c0ZlYXR1cmUiYwoSRW5mb3JjZVByb3RvTGltaXRzEhgKFFBST1RPX0xJTUlUU19VTktOT1dOEAASHQoZTEVHQUNZX05PX0VYUExJQ0lUX0xJTUlUUxABEhQKEFBST1RPX0xJTUlUUzIwMjYQAiJcCg1GaWVsZFByZXNlbmNlEhoKFkZJRUxEX1BSRVNFTkNFX1VOS05PV04QABIMCghFWFBMSUNJVBABEgwKCElNUExJQ0lUEAISEwoPTEVHQUNZX1JFUVVJUkVEEAMiNwoIRW51bVR5cGUSFQoRRU5VTV9UWVBFX1VOS05PV04QABIICgRPUEVOEAESCgoGQ0xPU0VEEAIiVgoVUmVwZWF0ZWRGaWVsZEVuY29kaW5nEiMKH1JFUEVBVEVEX0ZJRUxEX0VOQ09ESU5HX1VOS05PV04QABIKCgZQQUNLRUQQARIMCghFWFBBTkRFRBACIkMKDlV0ZjhWYWxpZGF0aW9uEhsKF1VURjhfVkFMSURBVElPTl9VTktOT1dOEAASCgoGVkVSSUZZEAISCAoETk9ORRADIlMKD01lc3NhZ2VFbmNvZGluZxIcChhNRVNTQUdFX0VOQ09ESU5HX1VOS05PV04QABITCg9MRU5HVEhfUFJFRklYRUQQARINCglERUxJTUlURUQQAiJICgpKc29uRm9ybWF0EhcKE0pTT05fRk9STUFUX1VOS05PV04QABIJCgVBTExPVxABEhYKEkxFR0FDWV9CRVNUX0VGRk9SVBACImYKEkVuZm9yY2VOYW1pbmdTdHlsZRIgChxFTkZPUkNFX05BTUlOR19TVFlMRV9VTktOT1dOEAASDQoJU1RZTEUyMDI0EAESEAoMU1RZTEVfTEVHQUNZEAISDQoJU1RZTEUyMDI2EAMqBgjoBxCLTioGCItOEJBOKgYIkE4QkU4i2QMKEkZlYXR1cmVTZXREZWZhdWx0cxJYCghkZWZhdWx0cxgBIAMoCzI8Lmdvb2dsZS5wcm90b2J1Zi5GZWF0dXJlU2V0RGVmYXVsdHMuRmVhdHVyZVNldEVkaXRpb25EZWZhdWx0UghkZWZhdWx0cxJBCg9taW5pbXVtX2VkaXRpb24YBCABKA4yGC5nb29nbGUucHJvdG9idWYuRWRpdGlvblIObWluaW11bUVkaXRpb24SQQoPbWF4aW11bV9lZGl0aW9uGAUgASgOMhguZ29vZ2xlLnByb3RvYnVmLkVkaXRpb25SDm1heGltdW1FZGl0aW9uGuIBChhGZWF0dXJlU2V0RWRpdGlvbkRlZmF1bHQSMgoHZWRpdGlvbhgDIAEoDjIYLmdvb2dsZS5wcm90b2J1Zi5FZGl0aW9uUgdlZGl0aW9uEk4KFG92ZXJyaWRhYmxlX2ZlYXR1cmVzGAQgASgLMhsuZ29vZ2xlLnByb3RvYnVmLkZlYXR1cmVTZXRSE292ZXJyaWRhYmxlRmVhdHVyZXMSQgoOZml4ZWRfZmVhdHVyZXMYBSABKAsyGy5nb29nbGUucHJvdG9idWYuRmVhdHVyZVNldFINZml4ZWRGZWF0dXJlcyKtAgoOU291cmNlQ29kZUluZm8SRAoIbG9jYXRpb24YASADKAsyKC5nb29nbGUucHJvdG9idWYuU291cmNlQ29kZUluZm8uTG9jYXRpb25SCGxvY2F0aW9uGsYBCghMb2NhdGlvbhISCgRwYXRoGAEgAygFUgRwYXRoEhIKBHNwYW4YAiADKAVSBHNwYW4SKQoQbGVhZGluZ19jb21tZW50cxgDIAEoCVIPbGVhZGluZ0NvbW1lbnRzEisKEXRyYWlsaW5nX2NvbW1lbnRzGAQgASgJUhB0cmFpbGluZ0NvbW1lbnRzEjoKGWxlYWRpbmdfZGV0YWNoZWRfY29tbWVudHMYBiADKAlSF2xlYWRpbmdEZXRhY2hlZENvbW1lbnRzKgwIgOzK/wEQgezK/wEizAIKEUdlbmVyYXRlZENvZGVJbmZvEk0KCmFubm90YXRpb24YASADKAsyLS5nb29nbGUucHJvdG9idWYuR2VuZXJhdGVkQ29kZUluZm8uQW5ub3RhdGlvblIKYW5ub3RhdGlvbhrnAQoKQW5ub3RhdGlvbhISCgRwYXRoGAEgAygFUgRwYXRoEh8KC3NvdXJjZV9maWxlGAIgASgJUgpzb3VyY2VGaWxlEhQKBWJlZ2luGAMgASgFUgViZWdpbhIQCgNlbmQYBCABKAVSA2VuZBJSCghzZW1hbnRpYxgFIAEoDjI2Lmdvb2dsZS5wcm90b2J1Zi5HZW5lcmF0ZWRDb2RlSW5mby5Bbm5vdGF0aW9uLlNlbWFudGljUghzZW1hbnRpYyIoCghTZW1hbnRpYxIICgROT05FEAASBwoDU0VUEAESCQoFQUxJQVMQAiq6AgoHRWRpdGlvbhITCg9FRElUSU9OX1VOS05PV04QABITCg5FRElUSU9OX0xFR0FDWRCEBxITCg5FRElUSU9OX1BST1RPMhDmBxITCg5FRElUSU9OX1BST1RPMxDnBxIRCgxFRElUSU9OXzIwMjMQ6AcSEQoMRURJVElPTl8yMDI0EOkHEhEKDEVESVRJT05fMjAyNhDqBxIXChNFRElUSU9OXzFfVEVTVF9PTkxZEAESFwoTRURJVElPTl8yX1RFU1RfT05MWRACEh0KF0VESVRJT05fOTk5OTdfVEVTVF9PTkxZEJ2NBhIdChdFRElUSU9OXzk5OTk4X1RFU1RfT05MWRCejQYSHQoXRURJVElPTl85OTk5OV9URVNUX09OTFkQn40GEhMKC0VESVRJT05fTUFYEP////8HKlUKEFN5bWJvbFZpc2liaWxpdHkSFAoQVklTSUJJTElUWV9VTlNFVBAAEhQKEFZJU0lCSUxJVFlfTE9DQUwQARIVChFWSVNJQklMSVRZX0VYUE9SVBACYgZwcm90bzI="
  },
  {
    "name": "google/protobuf/field_mask.proto",
    "dependencies": [],
    "symbols": [
      "google.protobuf.FieldMask"
    ],
    "extensions": [],
    "base64": "CiBnb29nbGUvcHJvdG9idWYvZmllbGRfbWFzay5wcm90bxIPZ29vZ2xlLnByb3RvYnVmIiEKCUZpZWxkTWFzaxIUCgVwYXRocxgBIAMoCVIFcGF0aHNiBnByb3RvMw=="
  },
  {
    "name": "google/protobuf/timestamp.proto",
    "dependencies": [],
    "symbols": [
      "google.protobuf.Timestamp"
    ],
    "extensions": [],
    "base64": "Ch9nb29nbGUvcHJvdG9idWYvdGltZXN0YW1wLnByb3RvEg9nb29nbGUucHJvdG9idWYiOwoJVGltZXN0YW1wEhgKB3NlY29uZHMYASABKANSB3NlY29uZHMSFAoFbmFub3MYAiABKAVSBW5hbm9zYgZwcm90bzM="
  },
  {
    "name": "grpc/health/v1/health.proto",
    "dependencies": [
      "argon/v1/options.proto",
      "buf/validate/validate.proto"
    ],
    "symbols": [
      "grpc.health.v1.Health",
      "grpc.health.v1.Health.Check",
      "grpc.health.v1.Health.Watch",
      "grpc.health.v1.HealthCheckRequest",
      "grpc.health.v1.HealthCheckResponse",
      "grpc.health.v1.HealthCheckResponse.ServingStatus"
    ],
    "extensions": [],
    "base64": "ChtncnBjL2hlYWx0aC92MS9oZWFsdGgucHJvdG8SDmdycGMuaGVhbHRoLnYxGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8iOAoSSGVhbHRoQ2hlY2tSZXF1ZXN0EiIKB3NlcnZpY2UYASABKAlCCLpIBXIDGIACUgdzZXJ2aWNlIrsBChNIZWFsdGhDaGVja1Jlc3BvbnNlElMKBnN0YXR1cxgBIAEoDjIxLmdycGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2UuU2VydmluZ1N0YXR1c0IIukgFggECEAFSBnN0YXR1cyJPCg1TZXJ2aW5nU3RhdHVzEgsKB1VOS05PV04QABILCgdTRVJWSU5HEAESDwoLTk9UX1NFUlZJTkcQAhITCg9TRVJWSUNFX1VOS05PV04QAzLwAQoGSGVhbHRoEnIKBUNoZWNrEiIuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXF1ZXN0GiMuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXNwb25zZSIcirUYGAoMaGVhbHRoOmNoZWNrEgRob3N0GAEgASgAMAAScgoFV2F0Y2gSIi5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1JlcXVlc3QaIy5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1Jlc3BvbnNlIhyKtRgYCgxoZWFsdGg6d2F0Y2gSBGhvc3QYASABKAAwAWIGcHJvdG8z"
  },
  {
    "name": "grpc/reflection/v1/reflection.proto",
    "dependencies": [
      "argon/v1/options.proto",
      "buf/validate/validate.proto"
    ],
    "symbols": [
      "grpc.reflection.v1.ServerReflection",
      "grpc.reflection.v1.ServerReflection.ServerReflectionInfo",
      "grpc.reflection.v1.ServerReflectionRequest",
      "grpc.reflection.v1.ExtensionRequest",
      "grpc.reflection.v1.ServerReflectionResponse",
      "grpc.reflection.v1.FileDescriptorResponse",
      "grpc.reflection.v1.ExtensionNumberResponse",
      "grpc.reflection.v1.ListServiceResponse",
      "grpc.reflection.v1.ServiceResponse",
      "grpc.reflection.v1.ErrorResponse"
    ],
    "extensions": [],
    "base64": "CiNncnBjL3JlZmxlY3Rpb24vdjEvcmVmbGVjdGlvbi5wcm90bxISZ3JwYy5yZWZsZWN0aW9uLnYxGhZhcmdvbi92MS9vcHRpb25zLnByb3RvGhtidWYvdmFsaWRhdGUvdmFsaWRhdGUucHJvdG8irAMKF1NlcnZlclJlZmxlY3Rpb25SZXF1ZXN0EhwKBGhvc3QYASABKAlCCLpIBXIDGIACUgRob3N0EjQKEGZpbGVfYnlfZmlsZW5hbWUYAyABKAlCCLpIBXIDGIACSABSDmZpbGVCeUZpbGVuYW1lEkAKFmZpbGVfY29udGFpbmluZ19zeW1ib2wYBCABKAlCCLpIBXIDGIACSABSFGZpbGVDb250YWluaW5nU3ltYm9sEmIKGWZpbGVfY29udGFpbmluZ19leHRlbnNpb24YBSABKAsyJC5ncnBjLnJlZmxlY3Rpb24udjEuRXh0ZW5zaW9uUmVxdWVzdEgAUhdmaWxlQ29udGFpbmluZ0V4dGVuc2lvbhJMCh1hbGxfZXh0ZW5zaW9uX251bWJlcnNfb2ZfdHlwZRgGIAEoCUIIukgFcgMYgAJIAFIZYWxsRXh0ZW5zaW9uTnVtYmVyc09mVHlwZRIvCg1saXN0X3NlcnZpY2VzGAcgASgJQgi6SAVyAxiAAkgAUgxsaXN0U2VydmljZXNCGAoPbWVzc2FnZV9yZXF1ZXN0EgW6SAIIASJwChBFeHRlbnNpb25SZXF1ZXN0EjEKD2NvbnRhaW5pbmdfdHlwZRgBIAEoCUIIukgFcgMYgAJSDmNvbnRhaW5pbmdUeXBlEikKEGV4dGVuc2lvbl9udW1iZXIYAiABKAVSD2V4dGVuc2lvbk51bWJlciK4BAoYU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlEicKCnZhbGlkX2hvc3QYASABKAlCCLpIBXIDGIACUgl2YWxpZEhvc3QSVgoQb3JpZ2luYWxfcmVxdWVzdBgCIAEoCzIrLmdycGMucmVmbGVjdGlvbi52MS5TZXJ2ZXJSZWZsZWN0aW9uUmVxdWVzdFIPb3JpZ2luYWxSZXF1ZXN0EmYKGGZpbGVfZGVzY3JpcHRvcl9yZXNwb25zZRgEIAEoCzIqLmdycGMucmVmbGVjdGlvbi52MS5GaWxlRGVzY3JpcHRvclJlc3BvbnNlSABSFmZpbGVEZXNjcmlwdG9yUmVzcG9uc2UScgoeYWxsX2V4dGVuc2lvbl9udW1iZXJzX3Jlc3BvbnNlGAUgASgLMisuZ3JwYy5yZWZsZWN0aW9uLnYxLkV4dGVuc2lvbk51bWJlclJlc3BvbnNlSABSG2FsbEV4dGVuc2lvbk51bWJlcnNSZXNwb25zZRJfChZsaXN0X3NlcnZpY2VzX3Jlc3BvbnNlGAYgASgLMicuZ3JwYy5yZWZsZWN0aW9uLnYxLkxpc3RTZXJ2aWNlUmVzcG9uc2VIAFIUbGlzdFNlcnZpY2VzUmVzcG9uc2USSgoOZXJyb3JfcmVzcG9uc2UYByABKAsyIS5ncnBjLnJlZmxlY3Rpb24udjEuRXJyb3JSZXNwb25zZUgAUg1lcnJvclJlc3BvbnNlQhIKEG1lc3NhZ2VfcmVzcG9uc2UiTAoWRmlsZURlc2NyaXB0b3JSZXNwb25zZRIyChVmaWxlX2Rlc2NyaXB0b3JfcHJvdG8YASADKAxSE2ZpbGVEZXNjcmlwdG9yUHJvdG8iagoXRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2USJAoOYmFzZV90eXBlX25hbWUYASABKAlSDGJhc2VUeXBlTmFtZRIpChBleHRlbnNpb25fbnVtYmVyGAIgAygFUg9leHRlbnNpb25OdW1iZXIiVAoTTGlzdFNlcnZpY2VSZXNwb25zZRI9CgdzZXJ2aWNlGAEgAygLMiMuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZpY2VSZXNwb25zZVIHc2VydmljZSIlCg9TZXJ2aWNlUmVzcG9uc2USEgoEbmFtZRgBIAEoCVIEbmFtZSJTCg1FcnJvclJlc3BvbnNlEh0KCmVycm9yX2NvZGUYASABKAVSCWVycm9yQ29kZRIjCg1lcnJvcl9tZXNzYWdlGAIgASgJUgxlcnJvck1lc3NhZ2UyqwEKEFNlcnZlclJlZmxlY3Rpb24SlgEKFFNlcnZlclJlZmxlY3Rpb25JbmZvEisuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0GiwuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXNwb25zZSIfirUYGwoPcmVmbGVjdGlvbjpyZWFkEgRob3N0GAEgASgBMAFiBnByb3RvMw=="
  },
  {
    "name": "grpc/reflection/v1alpha/reflection.proto",
    "dependencies": [
      "argon/v1/options.proto",
      "grpc/reflection/v1/reflection.proto"
    ],
    "symbols": [
      "grpc.reflection.v1alpha.ServerReflection",
      "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo"
    ],
    "extensions": [],
    "base64": "CihncnBjL3JlZmxlY3Rpb24vdjFhbHBoYS9yZWZsZWN0aW9uLnByb3RvEhdncnBjLnJlZmxlY3Rpb24udjFhbHBoYRoWYXJnb24vdjEvb3B0aW9ucy5wcm90bxojZ3JwYy9yZWZsZWN0aW9uL3YxL3JlZmxlY3Rpb24ucHJvdG8ysQEKEFNlcnZlclJlZmxlY3Rpb24SnAEKFFNlcnZlclJlZmxlY3Rpb25JbmZvEisuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0GiwuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXNwb25zZSIlirUYIQoVcmVmbGVjdGlvbjpyZWFkLWFscGhhEgRob3N0GAEgASgBMAFiBnByb3RvMw=="
  }
];
