/** The server settings that affect uploads and their messages, under Rocket.Chat's names. */
export interface ServerSettings {
  /** Bytes; -1 means no limit. */
  FileUpload_MaxFileSize: number;
  /** Comma-separated media types; `image/*` matches all image types. Empty allows every type. */
  FileUpload_MediaTypeWhiteList: string;
  /** Comma-separated media types. Overrides the white list. */
  FileUpload_MediaTypeBlackList: string;
  FileUpload_Enabled: boolean;
  FileUpload_Enabled_Direct: boolean;
  /** Characters. */
  Message_MaxAllowedSize: number;
  /** Deleted messages are hidden, not removed. */
  Message_KeepHistory: boolean;
  /** A deleted message remains as one that was deleted. */
  Message_ShowDeletedStatus: boolean;
  E2E_Enable: boolean;
  /** Whether encrypted rooms take plain messages. */
  E2E_Allow_Unencrypted_Messages: boolean;
}

/** Rocket.Chat's defaults, except for `E2E_Enable`: a server with an encrypted room has switched it on. */
export const defaultServerSettings: Readonly<ServerSettings> = {
  FileUpload_MaxFileSize: 104_857_600,
  FileUpload_MediaTypeWhiteList: '',
  FileUpload_MediaTypeBlackList: 'image/svg+xml',
  FileUpload_Enabled: true,
  FileUpload_Enabled_Direct: true,
  Message_MaxAllowedSize: 5000,
  Message_KeepHistory: false,
  Message_ShowDeletedStatus: false,
  E2E_Enable: true,
  E2E_Allow_Unencrypted_Messages: false,
};
