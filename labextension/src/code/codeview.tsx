import { CodeEditor, CodeEditorWrapper } from '@jupyterlab/codeeditor';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { useExec } from '../components/context';
import { fileServices } from '../drive/services';

/** Text with the colours of its language, read-only, in JupyterLab's own editor. */
export function CodeView(props: { text: string; path: string }): JSX.Element {
  const { trans } = useExec();
  const { path, text } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const { editors } = fileServices;
  React.useLayoutEffect(() => {
    if (editors === null || host.current === null) {
      return undefined;
    }
    const model = new CodeEditor.Model({
      mimeType: editors.mimeTypeService.getMimeTypeByFilePath(path)
    });
    model.sharedModel.setSource(text);
    const wrapper = new CodeEditorWrapper({
      model,
      factory: editors.factoryService.newDocumentEditor,
      editorOptions: { config: { readOnly: true, lineNumbers: true } }
    });
    Widget.attach(wrapper, host.current);
    return () => {
      wrapper.dispose();
      model.dispose();
    };
  }, [editors, path, text]);
  return editors === null ? (
    <pre className="jp-exec-code-plain" tabIndex={0} aria-label={path}>
      {text}
    </pre>
  ) : (
    <div
      ref={host}
      className="jp-exec-code-view"
      role="region"
      aria-label={trans.__('Content of %1', path)}
    />
  );
}
